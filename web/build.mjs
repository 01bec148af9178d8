// Builds the page: words from the Fluent files, one script, one style sheet, the page itself, and the
// list by which the binary takes them in. `--check` compares with what is there instead.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, Resource, serialize } from "@fluent/syntax";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
const GENERATED = join(HERE, "gen");
const LANGUAGES = ["en", "nl", "de"];
/** The words that the service review has are the board's too. */
const REVIEW = join(HERE, "../src/cli/review/locales");
const OWN = join(HERE, "locales");

/** The messages of a Fluent file, by their ids. */
function messages(folder, language) {
  const resource = parse(readFileSync(join(folder, `${language}.ftl`), "utf8"), {});
  const junk = resource.body.find((entry) => entry.type === "Junk");
  if (junk) throw new Error(`${folder}/${language}.ftl: ${junk.annotations[0]?.message}`);
  const found = resource.body.filter((entry) => entry.type === "Message");
  return new Map(found.map((message) => [message.id.name, message]));
}

/** Every text between quotes in the sources. */
function quoted(folder) {
  const found = new Set();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
    for (const [, id] of text.matchAll(/"([a-z][a-z0-9-]*)"/g)) found.add(id);
  }
  return found;
}

/** Writes the words that the page says, and the names of all that it could. */
function writeWords() {
  const own = LANGUAGES.map((language) => messages(OWN, language));
  const review = LANGUAGES.map((language) => messages(REVIEW, language));
  const ids = [...new Set(own.flatMap((one) => [...one.keys()]))];
  for (const id of ids) {
    const lacking = LANGUAGES.filter((_, at) => !own[at].has(id));
    if (lacking.length > 0) throw new Error(`web/locales: ${id} is lacking in ${lacking}`);
    if (review[0].has(id)) throw new Error(`web/locales: the review says ${id} already`);
  }
  const used = quoted(join(HERE, "src"));
  const unused = ids.filter((id) => !used.has(id));
  if (unused.length > 0) throw new Error(`web/locales: nothing says ${unused.join(", ")}`);
  const texts = LANGUAGES.map((_, at) => {
    const said = [...review[at], ...own[at]].filter(([id]) => used.has(id));
    return serialize(new Resource(said.map(([, message]) => bare(message))), {});
  });
  const types = [...review[0].keys(), ...ids].map((id) => `  | "${id}"`).join("\n");
  const kept = LANGUAGES.map((language, at) => `  ${language}: ${JSON.stringify(texts[at])},`);
  mkdirSync(GENERATED, { recursive: true });
  writeFileSync(
    join(GENERATED, "words.ts"),
    `// Made by build.mjs.\nexport type WordId =\n${types};\nexport const TEXTS = {\n${kept.join("\n")}\n};\n`,
  );
}

/** A message without what was said of it. */
function bare(message) {
  message.comment = null;
  return message;
}

/** The files of the page, by their names. */
async function built() {
  const bundled = await build({
    entryPoints: [join(HERE, "src/main.tsx"), join(HERE, "src/board.css")],
    outdir: DIST,
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
  const text = (ending) => bundled.outputFiles.find((file) => file.path.endsWith(ending)).text;
  const named = (ending, content) => {
    const digest = createHash("sha256").update(content).digest("hex").slice(0, 12);
    return [`board-${digest}.${ending}`, content];
  };
  const script = named("js", text(".js"));
  const style = named("css", text(".css"));
  const icon = named("svg", readFileSync(join(HERE, "src/icon.svg"), "utf8"));
  const page = readFileSync(join(HERE, "src/index.html"), "utf8")
    .replace("main.tsx", script[0])
    .replace("board.css", style[0])
    .replace("icon.svg", icon[0]);
  const kinds = {
    js: "text/javascript; charset=utf-8",
    css: "text/css; charset=utf-8",
    svg: "image/svg+xml",
  };
  const row = (path, kind, name) => `    ("${path}", "${kind}", include_bytes!("${name}")),`;
  const rows = [script, style, icon].map(([name]) =>
    row(`/${name}`, kinds[name.split(".")[1]], name),
  );
  const list = [
    "// Made by web/build.mjs: each file of the page, its type, and what it holds.",
    "&[",
    row("/", "text/html; charset=utf-8", "index.html"),
    ...rows,
    "]\n",
  ].join("\n");
  return new Map([["index.html", page], script, style, icon, ["files.rs", list]]);
}

/** What differs from the files that are there. */
function stale(files) {
  const there = readdirSync(DIST);
  const changed = [...files].filter(([name, text]) => {
    return !there.includes(name) || readFileSync(join(DIST, name), "utf8") !== text;
  });
  const gone = there.filter((name) => !files.has(name));
  return [...changed.map(([name]) => name), ...gone];
}

writeWords();
if (!process.argv.includes("--words")) {
  const files = await built();
  if (process.argv.includes("--check")) {
    const names = stale(files);
    if (names.length > 0) {
      console.error(`web/dist is stale (${names.join(", ")}): run \`npm run build\` in web`);
      process.exit(1);
    }
  } else {
    rmSync(DIST, { recursive: true, force: true });
    mkdirSync(DIST);
    for (const [name, text] of files) writeFileSync(join(DIST, name), text);
  }
}
