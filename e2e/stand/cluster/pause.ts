// Builds the sandbox image of all pods from our program `pause`.
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pauseImage } from './images';
import { cached } from '../../../release/tools/cache';
import { buildImage, exportImage } from '../../../release/image/buildah';
import { contentHash } from '../../../release/tools/contentHash';
import { providePrograms, programSources } from '../tools/programs';

/** @returns the path of the image's archive */
export async function providePauseImage(): Promise<string> {
  const { directory } = await cached(`image-pause-${contentHash([pauseImage], [programSources])}`, async (directory) => {
    await copyFile(join(await providePrograms(), 'pause'), join(directory, 'pause'));
    const containerfile = join(directory, 'Containerfile');
    await writeFile(containerfile, 'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n');
    await buildImage({ reference: pauseImage, containerfile, context: directory });
    await exportImage(pauseImage, join(directory, 'image.tar'));
  });
  return join(directory, 'image.tar');
}
