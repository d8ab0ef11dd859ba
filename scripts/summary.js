// A vitest reporter: one last line that a machine can read, `12 passed, 0 failed, 1 skipped`.

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default class Summary {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      count.failed += module.errors().length;
    }
    process.stdout.write(`${count.passed} passed, ${count.failed + count.pending} failed, ${count.skipped} skipped\n`);
  }
}
