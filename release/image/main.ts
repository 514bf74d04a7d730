// Command line: builds the product's image and prints the path of its archive.
import { errorMessage } from '../../operator/base';
import { Progress } from '../tools/progress';
import { provideProductImage } from './product';

async function main(): Promise<void> {
  const image = await new Progress().step('image: sidecar-acceleration', provideProductImage);
  process.stdout.write(`${image.repository}:${image.tag} ${image.archive}\nbill of materials (CycloneDX) ${image.sbom}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
