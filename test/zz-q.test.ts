import { test } from "vitest";
import attention from "/work/main/workloads/attention.ts";
import gemm from "/work/main/workloads/gemm.ts";
import { interpret, generateInputs } from "weft";
import { exp, log, tanh, sigmoid } from "/work/main/src/base/math.ts";
test("x", () => {
  for (const [d, s] of [[gemm,{m:256,n:256,k:256}],[gemm,{m:128,n:128,k:128,dtype:"bf16"}],[attention,{seq:128,heads:2,dim:64}]] as const) {
    const p = d.build(s); const inp = generateInputs(p, 1); const t=performance.now();
    interpret(p, inp); console.log(d.name, JSON.stringify(s), (performance.now()-t).toFixed(0));
  }
  for (const f of [exp,log,tanh,sigmoid]) { const t=performance.now(); let a=0; for (let i=0;i<3e6;i++) a+=f(0.1+i*1e-6); console.log(f.name, ((performance.now()-t)/3).toFixed(1), "ns"); }
});
