/** Thrown by a lowering for a use of its kernel that it cannot express; the message follows the kernel's name. */
export class UnsupportedUse extends Error {
  override readonly name = "UnsupportedUse";
}
