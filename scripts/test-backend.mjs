// Before each test file, where POLYTASK_TEST_BACKEND is set: tests that set no backend themselves then run on that one.
import { useBackend } from "@polytask/backend";

await useBackend(process.env.POLYTASK_TEST_BACKEND);
