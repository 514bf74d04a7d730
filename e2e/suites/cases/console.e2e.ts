// The console's page in a real Chromium, on a real API server with a seeded status: what it shows, that its switches work, and that pages of other
// sites cannot use them.
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startApiServer, type ApiServer } from '../../stand/api/apiServer';
import { complaintsOf, startBrowser, startConsole, type RunningConsole } from '../../stand/api/console';
import { established } from '../../stand/api/established';
import { connectionReasons, nodeReasons } from '../../../operator/api';
import { fileOf, saveResult } from '../../../operator/cli/bench/record';
import { benchResult, rolling } from '../../stand/api/consoleStates';
import { type RunningLiveServer, startLiveServer } from '../../stand/api/liveServer';
import { SeededStatus } from '../../stand/api/seededStatus';
import { waitFor } from '../../stand/support/waitFor';
import { buildDirectory, checkout } from '../../../release/tools/paths';

const crdFile = join(checkout, 'crds', 'acceleration.dev_sidecaraccelerations.yaml');
const exampleFile = join(checkout, 'docs', 'examples', 'default.yaml');
/** The directory for pictures of the page; `make console-pictures` sets docs/console. */
const pictures = process.env['CONSOLE_PICTURES'] ?? join(buildDirectory, 'console');

let server: ApiServer;
let live: RunningLiveServer;
let stateHome: string;
let shown: RunningConsole;
let browser: Browser;

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await server.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

let status: SeededStatus;

beforeAll(async () => {
  server = await startApiServer();
  await kubectl(['apply', '--server-side', '-f', crdFile]);
  await established(server, 'sidecaraccelerations.acceleration.dev');
  await kubectl(['apply', '-f', exampleFile]);
  const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'istio-injection': 'enabled' } } });
  const many = Array.from({ length: 1_000 }, (_, at) => namespace(`team-${String(at).padStart(4, '0')}`));
  const list = { apiVersion: 'v1', kind: 'List', items: [namespace('shop'), namespace('billing'), ...many] };
  await kubectl(['create', '-f', '-'], JSON.stringify(list));
  status = new SeededStatus(kubectl);
  await status.write();
  live = await startLiveServer(server, () => 60 + 4 * status.round);
  stateHome = mkdtempSync(join(tmpdir(), 'console-e2e-'));
  const environment = { XDG_STATE_HOME: stateHome };
  saveResult({ ...benchResult, server: server.url }, fileOf(server.url, environment));
  [shown, browser] = await Promise.all([startConsole(server.kubeconfig, environment), startBrowser()]);
  await mkdir(pictures, { recursive: true });
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await shown?.stop();
  await live?.stop();
  await server?.stop();
  if (stateHome !== undefined) rmSync(stateHome, { recursive: true });
});

const looks = 12; // the points of a plot in a picture; the page's clock is moved on from one to the next

/** Runs the steps on a new page, and fails when the page has reported an error. */
async function onPage(steps: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1_200, height: 1_600 }, ...options });
  try {
    const page = await context.newPage();
    const complaints = complaintsOf(page);
    await page.clock.install();
    await page.goto(shown.url);
    await page.getByRole('heading', { name: 'Namespaces' }).waitFor();
    await steps(page);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

const modeNow = () => kubectl(['get', 'sca', 'default', '-o', 'jsonpath={.spec.mode}']);
const labelOf = (name: string) => kubectl(['get', 'namespace', name, '-o', 'jsonpath={.metadata.labels.acceleration\\.dev/mode}']);

describe('the page', () => {
  it.each(['light', 'dark'] as const)('shows the state of the cluster, and its changes (%s)', async (colorScheme) => {
    await onPage(
      async (page) => {
        await page.getByText('Accelerate is in force: 4 of 4 nodes ready').waitFor();
        await page.getByText('219 of 230').waitFor();
        expect(await page.getByRole('row', { name: /billing/ }).textContent()).toContain('PeerElsewhere 9, Learning 2');
        // When the pointer is not on the plot, the legend shows the last values.
        await page
          .locator('.u-legend')
          .first()
          .getByText(/^\d\d:\d\d:\d\d$/)
          .waitFor();
        const moveOn = async (): Promise<void> => {
          await status.write();
          await Promise.all([page.waitForResponse(/api\/state/), page.clock.fastForward(2_000)]);
        };
        for (let times = 0; times < looks; times += 1) await moveOn();
        // The text alternative of a plot has the newest value. Of 20 MiB that the seed adds 16 take the fast path. The node answers with the
        // round-trip time.
        const plots = [
          /Bytes a second; now fast path (?!0 B|-)/,
          'On the fast path, %; now of bytes 80%, of connections 95%',
          /TCP's round-trip time, mean of open connections; now round trip \d+ µs/,
        ];
        const seen = async (): Promise<boolean[]> => Promise.all(plots.map((name) => page.getByRole('img', { name }).isVisible()));
        await waitFor('the plots to say the newest', async () => {
          if ((await seen()).every((each) => each)) return true;
          await moveOn(); // a slow page may have read the same status twice, which shows a rate of 0
          return false;
        });
        await page.screenshot({ path: join(pictures, `state-${colorScheme}.png`) });
      },
      { colorScheme },
    );
  });

  it('shows the figures of the last bench, off and on', async () => {
    await onPage(async (page) => {
      const row = page.getByRole('table', { name: 'TCP, off and on' }).getByRole('row', { name: /QPS/ });
      expect(await row.textContent()).toContain('QPS1350019600×1.45 (1.45–1.45)');
      await page.getByText('32 connections, 1 round, 99.1 % of the bytes on the fast path').waitFor();
      // The bar of the faster mode is longer.
      const widths = await row
        .locator('rect')
        .evaluateAll((bars) => bars.map((bar) => Number((bar as { getAttribute(name: string): string | null }).getAttribute('width'))));
      expect(widths[1]).toBeGreaterThan(widths[0] ?? Number.POSITIVE_INFINITY);
    });
  });

  it('shows how far a rollout is', async () => {
    await status.write(false, rolling);
    await onPage(async (page) => {
      const group = page.getByRole('group', { name: 'Rollout' });
      expect(await group.textContent()).toContain('Rolling 2 of 4 nodes have the newest agents; next: node3');
      expect(await group.getByRole('progressbar').getAttribute('value')).toBe('2');
      await page.getByRole('heading', { name: 'Nodes' }).scrollIntoViewIfNeeded();
      await page.screenshot({ path: join(pictures, 'rollout.png') });
    });
    await status.write();
  });

  it('names the nodes that cannot accelerate, and why', async () => {
    await status.write(true);
    await onPage(async (page) => {
      await page.getByText('Accelerate is not in force everywhere: 3 of 4 nodes ready').waitFor();
      expect(await page.getByText('KernelTooOld').locator('..').textContent()).toBe(
        `KernelTooOld on 1 (node4): the kernel is 4.18.0, and 5.10 is needed${nodeReasons.KernelTooOld.remedy}`,
      );
      await page.screenshot({ path: join(pictures, 'node-that-cannot.png') });
    });
    await status.write();
  });

  it('explains why connections of a namespace run over TCP, and what to do', async () => {
    await onPage(async (page) => {
      await page.getByRole('button', { name: 'PeerElsewhere 9, Learning 2' }).click();
      const dialog = page.getByRole('dialog', { name: 'Why connections of billing use TCP' });
      const text = await dialog.textContent();
      for (const reason of ['PeerElsewhere', 'Learning'] as const)
        expect(text).toContain(`${connectionReasons[reason].means}${connectionReasons[reason].remedy}`);
      await page.screenshot({ path: join(pictures, 'why.png') });
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    });
  });

  it('draws its plots in the colours of the system’s theme, also after that changes', async () => {
    await onPage(async (page) => {
      const colours = (): Promise<string> => page.evaluate("getComputedStyle(document.querySelector('figure')).getPropertyValue('--good')");
      expect(await colours()).toBe('rgb(26, 127, 55)');
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await colours()).toBe('rgb(63, 185, 80)');
    });
  });

  it('opens no second page by the same address, as a browser’s history has it', async () => {
    const used = shown.url;
    await onPage(async (page) => {
      await page.getByText('Accelerate is in force').waitFor();
      const other = await browser.newContext();
      try {
        const second = await other.newPage();
        await second.goto(used);
        await second.getByRole('alert').getByText('this address has been opened already').waitFor();
      } finally {
        await other.close();
      }
    });
  });

  it('removes the code from the address at once, and still works after a reload', async () => {
    await onPage(async (page) => {
      expect(new URL(page.url()).hash).toBe('');
      await page.reload();
      await page.getByText('Accelerate is in force').waitFor();
    });
  });

  it('finds one of a thousand namespaces, and draws only the lines in view', async () => {
    await onPage(async (page) => {
      const table = page.getByRole('table', { name: 'Namespaces' });
      expect(await page.locator('.line').count()).toBeLessThan(40);
      expect(Number(await table.getAttribute('aria-rowcount'))).toBeGreaterThan(1_000);
      await page.getByRole('searchbox').fill('team-0777');
      await page.getByText('1 shown').waitFor();
      expect(await table.getByRole('rowheader').allTextContents()).toEqual(['team-0777']);
      await page.getByRole('searchbox').fill('peerelsewhere');
      expect(await table.getByRole('rowheader').allTextContents()).toEqual(['billing']);
      await page.getByRole('searchbox').fill('');
      await page.getByLabel('Lines').evaluate((view: { scrollTop: number }) => void (view.scrollTop = 800 * 40));
      await page.getByRole('rowheader', { name: 'team-0800' }).waitFor();
    });
  });
});

describe('the switches', () => {
  it('change nothing when the question is answered with Escape or Cancel', async () => {
    await onPage(async (page) => {
      await page.getByRole('button', { name: 'Off', exact: true }).click();
      await page.getByRole('dialog', { name: 'Set the whole cluster to Off?' }).waitFor();
      await page.screenshot({ path: join(pictures, 'question.png') });
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Off', exact: true }).click();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await modeNow()).toBe('Accelerate');
    });
  });

  it('switch the cluster, with nothing but the keyboard', async () => {
    await onPage(async (page) => {
      await page.getByRole('button', { name: 'Off', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      // Cancel has the focus, so that pressing Enter twice changes nothing.
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await waitFor('the mode Off', async () => (await modeNow()) === 'Off');
      await page.getByText('Off is on its way: the controller has not seen the last change yet').waitFor();
      await status.writeOff();
      await page.getByText('Off is in force: 4 of 4 nodes ready').waitFor();
      await page.screenshot({ path: join(pictures, 'switched-off.png') });
      await kubectl(['patch', 'sca', 'default', '--type=merge', '-p', '{"spec":{"mode":"Accelerate"}}']);
      await status.write();
    });
  });

  it('change the spec although the status has changed since it was read, and refuse when the spec has', async () => {
    await onPage(async (page) => {
      await page.getByRole('button', { name: 'Observe', exact: true }).click();
      await page.getByRole('dialog').waitFor();
      await status.write();
      await page.getByRole('button', { name: 'Set Observe' }).click();
      await waitFor('the mode Observe', async () => (await modeNow()) === 'Observe');
    });
    const { origin, secret } = await shown.enter();
    const headers = { origin, authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const late = await fetch(`${origin}/api/mode`, { method: 'POST', headers, body: JSON.stringify({ mode: 'Off', generation: status.generation }) });
    expect([late.status, await late.json()]).toEqual([
      409,
      { error: expect.stringContaining('another client has changed it in between; read it again') as string },
    ]);
    expect(await modeNow()).toBe('Observe');
    await kubectl(['patch', 'sca', 'default', '--type=merge', '-p', '{"spec":{"mode":"Accelerate"}}']);
    await status.write();
  });

  it('keep a namespace out, and let it in again', async () => {
    await onPage(async (page) => {
      await page.getByRole('searchbox').fill('team-0042');
      await page.getByRole('button', { name: 'Keep team-0042 out' }).click();
      await page.getByRole('button', { name: 'Keep it out' }).click();
      await page.getByRole('button', { name: 'Let team-0042 take part' }).waitFor();
      expect(await labelOf('team-0042')).toBe('off');
      await page.getByRole('button', { name: 'Let team-0042 take part' }).click();
      await page.getByRole('button', { name: 'Remove the label' }).click();
      await page.getByRole('button', { name: 'Keep team-0042 out' }).waitFor();
      expect(await labelOf('team-0042')).toBe('');
    });
  });
});

describe('a page of another site', () => {
  it('can neither read the state nor switch, nor show the console in a frame, even when it knows the secret', async () => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      const { origin, secret } = await shown.enter();
      // A page of the same machine on another port is another site too.
      await page.route('http://127.0.0.1:9/', (route) => route.fulfill({ contentType: 'text/html', body: '<title>elsewhere</title>' }));
      await page.goto('http://127.0.0.1:9/');
      const tried = await page.evaluate(
        async ({ target, bearer }) => {
          const attempts = [
            fetch(`${target}/api/state`, { headers: { authorization: bearer } }),
            fetch(`${target}/api/mode`, {
              method: 'POST',
              headers: { authorization: bearer, 'content-type': 'application/json' },
              body: '{"mode":"Off","generation":1}',
            }),
          ];
          return Promise.all(
            attempts.map((each) =>
              each.then(
                (answer) => `answered with ${answer.status}`,
                () => 'kept away',
              ),
            ),
          );
        },
        { target: origin, bearer: `Bearer ${secret}` },
      );
      expect(tried).toEqual(['kept away', 'kept away']);
      const blind = await page.evaluate(
        async (target) =>
          (
            await fetch(`${target}/api/mode`, { method: 'POST', mode: 'no-cors', body: '{"mode":"Off","generation":1}' }).catch(() => ({
              type: 'kept away',
            }))
          ).type,
        origin,
      );
      expect(['opaque', 'kept away']).toContain(blind);
      await page.setContent(`<iframe src="${origin}/"></iframe>`);
      await waitFor('the frame to be refused', () => page.frames().some((frame) => frame.url().startsWith('chrome-error:')));
      expect(await modeNow()).toBe('Accelerate');
    } finally {
      await context.close();
    }
  });
});

describe('when accelctl has ended', () => {
  it('the page says that it has ended and what to do, and still shows the last state', async () => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(shown.url);
      await page.getByText('219 of 230').waitFor();
      await shown.stop();
      expect(await page.getByRole('alert').textContent()).toBe(
        'accelctl does not answer: it has ended, or this computer slept; start accelctl console again',
      );
      expect(await page.getByText('219 of 230').count()).toBe(1);
    } finally {
      await context.close();
    }
  });
});
