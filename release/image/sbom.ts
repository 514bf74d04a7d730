// The bill of materials of the product's image in CycloneDX: npm packages from the lock file, Debian packages from dpkg's records in the image.
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { z } from 'zod';

/** npm writes several values as a list and a single value without a list. */
const names = z.union([z.array(z.string()), z.string().transform((one) => [one])]).optional();
const lockedSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().default(false),
      cpu: names,
      os: names,
    }),
  ),
});

export interface Materials {
  /** The version of the product. */
  readonly version: string;
  /** The text of package-lock.json. */
  readonly lock: string;
  /** The architecture, as in process.arch. */
  readonly architecture: string;
  /** dpkg's paragraph for each package (deb-control(5)). */
  readonly debian: readonly string[];
}

/** The bill of materials as JSON of CycloneDX 1.6; the same packages give the same text. */
export function billOfMaterials({ version, lock, architecture, debian }: Materials): string {
  const bom = new Models.Bom();
  const image = `pkg:oci/sidecar-acceleration@${version}?arch=${architecture}`;
  bom.metadata.component = component(Enums.ComponentType.Container, 'sidecar-acceleration', version, image, 'Apache-2.0');
  for (const each of [...npmPackages(lock, architecture), ...debian.map(debianPackage)]) bom.components.add(each);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 1 })}\n`;
}

function npmPackages(lock: string, architecture: string): Models.Component[] {
  const { packages } = lockedSchema.parse(JSON.parse(lock));
  const shipped = Object.entries(packages).filter(([path, entry]) => path !== '' && !entry.dev && fits(entry, architecture));
  const components = shipped.map(([path, { version = '', license, integrity }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    // This npm package contains only the Node.js program.
    if (name === `node-linux-${architecture}`)
      return component(Enums.ComponentType.Platform, 'node', version, `pkg:generic/node@${version}`, license);
    const made = component(Enums.ComponentType.Library, name, version, `pkg:npm/${name.replace('@', '%40')}@${version}`, license);
    const digest = /^sha512-(?<base64>.+)$/.exec(integrity ?? '')?.groups?.['base64'];
    if (digest !== undefined) made.hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex'));
    return made;
  });
  // A version may be installed in several places of the tree.
  return [...new Map(components.map((each) => [each.purl, each])).values()];
}

function fits({ cpu, os }: { readonly cpu?: string[] | undefined; readonly os?: string[] | undefined }, architecture: string): boolean {
  return (cpu === undefined || cpu.includes(architecture)) && (os === undefined || os.includes('linux'));
}

function debianPackage(paragraph: string): Models.Component {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, 'm').exec(paragraph)?.[1];
  const [name, version, architecture] = ['Package', 'Version', 'Architecture'].map((key) => {
    const value = field(key);
    if (value === undefined) throw new Error(`reading what dpkg knows of a package: it has no ${key}: ${paragraph.slice(0, 80)}`);
    return value;
  }) as [string, string, string];
  return component(Enums.ComponentType.Library, name, version, `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`);
}

function component(type: Enums.ComponentType, name: string, version: string, purl: string, license?: string): Models.Component {
  const licenses = new Models.LicenseRepository(license === undefined ? [] : [new Models.LicenseExpression(license)]);
  return new Models.Component(type, name, { version, purl, licenses, bomRef: purl });
}
