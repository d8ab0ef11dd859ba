/// <reference path="../yaml.d.ts" />
/** The files that come with weft, as the page carries them: what runs in it may read no others. Instances that read data files are not among them. */

import a100x40 from "../../configs/a100-40.yaml";
import a100x80 from "../../configs/a100-80.yaml";
import plasticineEnergy from "../../configs/energy/plasticine.yaml";
import sn10Energy from "../../configs/energy/sn10.yaml";
import sn40lEnergy from "../../configs/energy/sn40l.yaml";
import h100 from "../../configs/h100.yaml";
import h200 from "../../configs/h200.yaml";
import plasticine from "../../configs/plasticine.yaml";
import plasticine20 from "../../configs/plasticine-20x20-ddr4.yaml";
import plasticineRnn from "../../configs/plasticine-rnn.yaml";
import sn10 from "../../configs/sn10.yaml";
import sn40l from "../../configs/sn40l.yaml";
import v100 from "../../configs/v100.yaml";
import gemmChainPartial from "../../workloads/gemm-chain-partial.yaml";
import gemmChainUnfused from "../../workloads/gemm-chain-unfused.yaml";
import bfs from "../../workloads/plasticine-bfs.yaml";
import blackscholes from "../../workloads/plasticine-blackscholes.yaml";
import conv2d from "../../workloads/plasticine-conv2d.yaml";
import dot from "../../workloads/plasticine-dot.yaml";
import gda from "../../workloads/plasticine-gda.yaml";
import gemm from "../../workloads/plasticine-gemm.yaml";
import kmeans from "../../workloads/plasticine-kmeans.yaml";
import logreg from "../../workloads/plasticine-logreg.yaml";
import outer from "../../workloads/plasticine-outer.yaml";
import pagerank from "../../workloads/plasticine-pagerank.yaml";
import rnn1024 from "../../workloads/plasticine-rnn-lstm-1024.yaml";
import rnn1536 from "../../workloads/plasticine-rnn-lstm-1536.yaml";
import sgd from "../../workloads/plasticine-sgd.yaml";
import spmv from "../../workloads/plasticine-spmv.yaml";
import tpchQ6 from "../../workloads/plasticine-tpch-q6.yaml";

/** Texts by name, without folder and ".yaml". */
type Files = Readonly<Record<string, string>>;

/** configs/ */
export const MACHINES: Files = { plasticine, "plasticine-20x20-ddr4": plasticine20, "plasticine-rnn": plasticineRnn, sn10, sn40l };
export const GPUS: Files = { "a100-40": a100x40, "a100-80": a100x80, h100, h200, v100 };

/** configs/energy/ */
export const ENERGY_TABLES: Files = { plasticine: plasticineEnergy, sn10: sn10Energy, sn40l: sn40lEnergy };

/** workloads/ */
export const INSTANCES: Files = {
  ...{ "gemm-chain-partial": gemmChainPartial, "gemm-chain-unfused": gemmChainUnfused },
  ...{ "plasticine-bfs": bfs, "plasticine-blackscholes": blackscholes, "plasticine-conv2d": conv2d, "plasticine-dot": dot, "plasticine-gda": gda },
  ...{ "plasticine-gemm": gemm, "plasticine-kmeans": kmeans, "plasticine-logreg": logreg, "plasticine-outer": outer, "plasticine-pagerank": pagerank },
  ...{ "plasticine-rnn-lstm-1024": rnn1024, "plasticine-rnn-lstm-1536": rnn1536, "plasticine-sgd": sgd, "plasticine-spmv": spmv },
  ...{ "plasticine-tpch-q6": tpchQ6 },
};
