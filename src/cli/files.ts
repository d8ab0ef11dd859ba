/** Files as the commands use them: what cannot be read or written is the user's fault, with the path; nothing is ever left half-written. */

import { randomBytes } from "node:crypto";
import { accessSync, closeSync, constants, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../base/errors.ts";

/** The folder of the package: the nearest one upward with a package.json. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

export const version: string = (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;

export function readText(file: string): string {
  return readBytes(file).toString("utf8");
}

export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw fileFault("cannot read", file, error);
  }
}

/** Writes a file whole or not at all; "-" is standard output. */
export function writeText(file: string, text: string): void {
  if (file === "-") process.stdout.write(text);
  else writeBytes(file, Buffer.from(text));
}

/** Writes a file whole or not at all. */
export function writeBytes(file: string, bytes: Buffer): void {
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    writeAndSync(draft, bytes);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw fileFault("cannot write", file, error);
  }
}

/** Refuses at once what would fail at the end of a long run. */
export function assertWritable(file: string): void {
  if (file === "-") return;
  const folder = dirname(file);
  if (existsSync(file) && statSync(file).isDirectory()) throw new UserError({ code: "bad-file", message: `cannot write ${file}: it is a folder` });
  if (!existsSync(folder)) throw new UserError({ code: "bad-file", message: `cannot write ${file}: there is no folder ${folder}` });
  assertFolder(folder, `cannot write ${file}`);
}

/** The same for a folder that is to be made at the end: the nearest one upward that exists is a folder in which one can write. */
export function assertFolder(folder: string, what = `cannot make folder ${folder}`): void {
  const above = nearestFolder(folder);
  if (!statSync(above).isDirectory()) throw new UserError({ code: "bad-file", message: `${what}: ${above} is no folder` });
  try {
    accessSync(above, constants.W_OK);
  } catch (error) {
    throw fileFault("cannot write into", above, error);
  }
}

const nearestFolder = (path: string): string => (existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path)));

/** Folder by folder: Node's own recursion never ends where none can be made, as below /proc. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!existsSync(folder)) throw fileFault("cannot make folder", folder, error);
  }
}

function writeAndSync(file: string, bytes: Buffer): void {
  const handle = openSync(file, "wx");
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is no folder",
  EEXIST: "a file of that name exists",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
};

function fileFault(verb: string, file: string, error: unknown): UserError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return new UserError({ code: "bad-file", message: `${verb} ${file}: ${REASONS[code] ?? (error instanceof Error ? error.message : String(error))}` });
}

function findPackageRoot(folder: string): string {
  const parent = dirname(folder);
  return existsSync(join(folder, "package.json")) || parent === folder ? folder : findPackageRoot(parent);
}
