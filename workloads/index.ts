/** The programs that come with weft. An instance with data (flights.yaml) goes before the program of the same name. */

import type { Definition } from "weft";
import attention from "./attention.ts";
import attentionBackward from "./attention-backward.ts";
import bfs from "./bfs.ts";
import blackscholes from "./blackscholes.ts";
import bottleneck from "./bottleneck.ts";
import conv2d from "./conv2d.ts";
import decoder from "./decoder.ts";
import dot from "./dot.ts";
import fft from "./fft.ts";
import flights from "./flights.ts";
import gda from "./gda.ts";
import gemm from "./gemm.ts";
import gemmChain from "./gemm-chain.ts";
import gemmGelu from "./gemm-gelu.ts";
import gru from "./gru.ts";
import hashjoin from "./hashjoin.ts";
import histogram from "./histogram.ts";
import join from "./join.ts";
import kmeans from "./kmeans.ts";
import kmeansFlights from "./kmeans-flights.ts";
import layernorm from "./layernorm.ts";
import logreg from "./logreg.ts";
import lstm from "./lstm.ts";
import mdKnn from "./md-knn.ts";
import mergesort from "./mergesort.ts";
import mlp from "./mlp.ts";
import monarch from "./monarch.ts";
import outer from "./outer.ts";
import pagerank from "./pagerank.ts";
import sgd from "./sgd.ts";
import softmax from "./softmax.ts";
import spmv from "./spmv.ts";
import spmvCsr from "./spmv-csr.ts";
import stencil2d from "./stencil2d.ts";
import tpchQ6 from "./tpch-q6.ts";
import viterbi from "./viterbi.ts";

export const workloads: readonly Definition[] = [
  ...[attentionBackward, attention, bfs, blackscholes, bottleneck, conv2d, decoder, dot, fft, flights, gda, gemmChain, gemmGelu, gemm, gru],
  ...[hashjoin, histogram, join, kmeansFlights, kmeans, layernorm, logreg, lstm, mdKnn, mergesort, mlp, monarch, outer, pagerank, sgd],
  ...[softmax, spmvCsr, spmv, stencil2d, tpchQ6, viterbi],
];
