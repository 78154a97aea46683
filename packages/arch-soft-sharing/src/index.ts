export { softSharing, type SoftSharingOptions } from "./soft-sharing.ts";
