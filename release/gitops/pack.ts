// Command line: packs the add-on and prints the path of the archive.
import { relative } from 'node:path';
import { errorMessage } from '../../operator/base';
import { helm } from '../tools/catalogue';
import { installParts } from '../tools/install';
import { checkout } from '../tools/paths';
import { Progress } from '../tools/progress';
import { packAddon } from './addon';

installParts(new Progress(), { helm })
  .then(packAddon)
  .then(
    (archive) => console.log(relative(checkout, archive)),
    (error: unknown) => {
      console.error(errorMessage(error));
      process.exitCode = 1;
    },
  );
