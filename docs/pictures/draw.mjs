// The command line: bundles the page, opens it in headless Chromium, answers its queries, and saves what it drew.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HERE = dirname(fileURLToPath(import.meta.url));
const ORIGIN = 'http://grafana.invalid'; // never resolved: every request of the page is answered below
const USAGE = `Usage: node docs/pictures/draw.mjs --prometheus URL --dashboard FILE --to TIME --out FILE.png
  --to TIME            the moment that is "now", as 2026-11-24T18:30:00-05:00
  --hours N            length of the time range (default: the dashboard's own)
  --var NAME=VALUE     a variable's value; repeat it for several, "All" for all (default: All, or the first one)
  --theme dark|light   (default: dark)
  --width, --height    of the picture in pixels (default: 1920 1080)
  --full               as high as the dashboard is
  --scale N            device pixels per pixel (default: 1)
  --time-zone ZONE     of times (default: the dashboard's own if it names one, else America/Bogota)
  --scrape-interval D  of Grafana's data source, for $__rate_interval (default: 60s)
  --modules FOLDER     where the npm packages are, or are installed (default: ~/.cache/wolkvox-pictures)`;

function readArguments() {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    options: {
      prometheus: text(),
      dashboard: text(),
      to: text(),
      out: text(),
      hours: text(),
      var: { type: 'string', multiple: true, default: [] },
      theme: text('dark'),
      width: text('1920'),
      height: text('1080'),
      scale: text('1'),
      full: { type: 'boolean', default: false },
      'time-zone': text(),
      'scrape-interval': text('60s'),
      modules: text(join(homedir(), '.cache', 'wolkvox-pictures')),
    },
  });
  const missing = ['prometheus', 'dashboard', 'to', 'out'].filter((name) => !values[name]);
  if (missing.length) throw new Error(`missing --${missing.join(', --')}\n${USAGE}`);
  if (Number.isNaN(Date.parse(values.to))) throw new Error(`--to ${values.to} is no time`);
  return values;
}

/** Install the packages of package.json into `folder`, unless they are there. */
function install(folder) {
  const [wanted, present] = [join(HERE, 'package.json'), join(folder, 'package.json')];
  const same = existsSync(present) && readFileSync(present, 'utf8') === readFileSync(wanted, 'utf8');
  if (same && existsSync(join(folder, 'node_modules'))) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(wanted, present);
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function bundle(esbuild, modules) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(HERE, 'page.tsx')],
    outdir: modules,
    bundle: true,
    write: false,
    minify: true,
    jsx: 'automatic',
    nodePaths: [modules],
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.ttf': 'empty' }, // the icons of a code editor that is never shown
    logLevel: 'error',
  });
  return Object.fromEntries(outputFiles.map(({ path, contents }) => [`/${path.split('/').at(-1)}`, contents]));
}

// Where the files are that @grafana/ui loads by address: its icons, and fonts, which it does not bring along.
const STATIC = [
  ['/public/build/img/icons/unicons/angle-double-left.svg', '@grafana/ui/dist/public/img/icons/unicons/angle-left.svg'],
  [/^\/public\/build\//, '@grafana/ui/dist/public/'],
  ['/public/fonts/inter/Inter-Regular.woff2', '@fontsource/inter/files/inter-latin-400-normal.woff2'],
  ['/public/fonts/inter/Inter-Medium.woff2', '@fontsource/inter/files/inter-latin-500-normal.woff2'],
  ['/public/fonts/inter/Inter-Italic.woff2', '@fontsource/inter/files/inter-latin-400-italic.woff2'],
  ['/public/fonts/inter/Inter-MediumItalic.woff2', '@fontsource/inter/files/inter-latin-500-italic.woff2'],
  [/^\/public\/fonts\/roboto\/.*/, '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2'],
];

/** Serve the page, its bundle, icons and fonts. */
async function serve(context, files, modules) {
  const html =
    '<!doctype html><link rel="stylesheet" href="/page.css"><body><div id="page"></div><script src="/page.js"></script>';
  await context.route('**', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/') return route.fulfill({ contentType: 'text/html; charset=utf-8', body: html });
    if (files[pathname]) {
      const contentType = pathname.endsWith('.css') ? 'text/css' : 'text/javascript; charset=utf-8';
      return route.fulfill({ contentType, body: Buffer.from(files[pathname]) });
    }
    const [pattern, target] = STATIC.find(([prefix]) => pathname.match(prefix)) ?? [];
    const path = target && join(modules, pathname.replace(pattern, target));
    if (path && existsSync(path)) return route.fulfill({ path });
    console.error(`not served: ${pathname}`);
    return route.abort();
  });
}

/** Return what the page may call to ask Prometheus; failures are collected and answered with nothing. */
function asker(url, failures) {
  return async (path, parameters, asked_by) => {
    const answer = await fetch(`${url.replace(/\/$/, '')}/api/v1/${path}?${new URLSearchParams(parameters)}`, {
      signal: AbortSignal.timeout(60_000),
    }).then(
      (response) => response.json(),
      (error) => ({ error: String(error) }),
    );
    if (answer.status === 'success') return answer.data;
    failures.push(`${asked_by}: ${answer.error}\n    ${parameters.query ?? parameters['match[]'] ?? ''}`);
    return null;
  };
}

/** Return the zone that a dashboard names, as in `America/Lima`; most leave it to the browser. */
const zoneOf = ({ timezone = '' }) => (timezone.includes('/') || timezone === 'utc' ? timezone : 'America/Bogota');

async function draw(page, dashboard, settings) {
  const { theme, hours } = settings;
  const report = await page.evaluate((job) => window.draw(job), {
    dashboard,
    to: Date.parse(settings.to),
    hours: hours ? Number(hours) : null,
    theme,
    width: Number(settings.width),
    chosen: settings.var,
    scrapeInterval: settings['scrape-interval'],
  });
  if (settings.full) await page.setViewportSize({ width: Number(settings.width), height: report.height });
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(1000); // charts and virtual table rows are drawn some frames later
  mkdirSync(dirname(settings.out), { recursive: true });
  await page.screenshot({ path: settings.out });
  return report;
}

async function main() {
  const settings = readArguments();
  const dashboard = JSON.parse(readFileSync(settings.dashboard, 'utf8'));
  install(settings.modules);
  const require = createRequire(join(settings.modules, 'package.json'));
  const modules = join(settings.modules, 'node_modules');
  const files = await bundle(require('esbuild'), modules);
  const browser = await require('playwright-core').chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: process.getuid() !== 0, // Chromium refuses its sandbox to root
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const failures = [];
  try {
    const context = await browser.newContext({
      viewport: { width: Number(settings.width), height: Number(settings.height) },
      deviceScaleFactor: Number(settings.scale),
      timezoneId: settings['time-zone'] ?? zoneOf(dashboard),
      locale: 'en-GB',
    });
    await serve(context, files, modules);
    const page = await context.newPage();
    page.on('pageerror', (error) => failures.push(`the page: ${error.stack}`));
    if (process.env.DEBUG) page.on('console', (message) => console.error(message.text(), message.location().url));
    await page.clock.install({ time: Date.parse(settings.to) });
    await page.exposeFunction('ask', asker(settings.prometheus, failures));
    await page.goto(ORIGIN);
    const { empty, unknown } = await draw(page, dashboard, settings);
    for (const title of empty) console.error(`no data: ${title}`);
    failures.push(...unknown.map((title) => `not drawn, unknown panel type: ${title}`));
  } finally {
    await browser.close();
  }
  for (const failure of failures) console.error(`failed: ${failure}`);
  process.exitCode = failures.length ? 1 : 0;
}

await main().catch((error) => {
  console.error(error.message.split('\n    at ')[0]);
  process.exitCode = 1;
});
