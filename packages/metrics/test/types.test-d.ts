import { binary, multiclass, regression } from "@polytask/core";
import { accuracy, auc, deltaM, deltaP, logLoss, mae, r2, rmse } from "@polytask/metrics";

const tasks = {
  click: binary({ metrics: [auc(), logLoss(), accuracy()] }),
  genre: multiclass(3, { metrics: [accuracy(), logLoss()] }),
  value: regression({ metrics: [rmse(), mae(), r2()] }),
};

deltaM({ click: { auc: 0.7 } }, { value: { rmse: 1 } }, tasks);
// @ts-expect-error: "clicks" is no task
deltaM({ clicks: { auc: 0.7 } }, {}, tasks);
// @ts-expect-error: "clicks" is no task in the baseline either
deltaP({}, { clicks: { auc: 0.7 } }, tasks);

binary({ metrics: [auc()] });
// @ts-expect-error: a metric is made by its factory
binary({ metrics: [auc] });
