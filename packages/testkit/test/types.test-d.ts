import { binary, identity, regression, type SurgeryPlugin } from "@polytask/core";
import {
  applySurgery,
  describeArchitecture,
  describeSurgery,
  describeWeighting,
  nonConflicting,
  plainModel,
  testScope,
  weightsSumToTaskCount,
} from "@polytask/testkit";
import { expectTypeOf } from "vitest";

expectTypeOf(applySurgery).returns.resolves.toEqualTypeOf<number[]>();

describeSurgery(() => identity(), { claims: [nonConflicting] });
// @ts-expect-error: a law of weightings is no law of surgeries
describeSurgery(() => identity(), { claims: [weightsSumToTaskCount] });
// @ts-expect-error: a surgery is no weighting
describeWeighting(() => identity());
// @ts-expect-error: a plugin is no factory of plugins
describeSurgery(identity());

describeArchitecture(() => plainModel(), { input: { user: [3], item: [2] } });
// @ts-expect-error: an input has a shape, not a width
describeArchitecture(() => plainModel(), { input: 6 });

void applySurgery([identity(), identity()], [[1, 2]], { losses: [1] });
// @ts-expect-error: a Jacobian has rows
void applySurgery(identity(), [1, 2]);
// @ts-expect-error: an architecture is no surgery
void applySurgery(plainModel(), [[1, 2]]);

const scope = testScope({ click: binary(), value: regression() });
expectTypeOf(scope.tasks).toEqualTypeOf<readonly ("click" | "value")[]>();
expectTypeOf<Awaited<ReturnType<SurgeryPlugin<"click">["create"]>>>().not.toBeAny();
