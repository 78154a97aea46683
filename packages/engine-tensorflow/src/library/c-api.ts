import type { LibraryHandle } from "koffi";

/** An address in the library's memory. */
export type Pointer = number | bigint;

/** The part of TensorFlow's C API that runs functions. */
export interface CApi {
  readonly version: () => string;
  readonly newStatus: () => Pointer;
  readonly statusCode: (status: Pointer) => number;
  readonly statusMessage: (status: Pointer) => string;
  readonly allocateTensor: (
    dtype: number,
    dims: BigInt64Array,
    rank: number,
    bytes: number,
  ) => Pointer;
  readonly tensorData: (tensor: Pointer) => Pointer;
  readonly tensorByteSize: (tensor: Pointer) => number;
  readonly deleteTensor: (tensor: Pointer) => void;
  readonly newContextOptions: () => Pointer;
  readonly setConfig: (options: Pointer, config: Uint8Array, size: number, status: Pointer) => void;
  readonly deleteContextOptions: (options: Pointer) => void;
  readonly newContext: (options: Pointer, status: Pointer) => Pointer;
  readonly deleteContext: (context: Pointer) => void;
  readonly listDevices: (context: Pointer, status: Pointer) => Pointer;
  readonly deviceCount: (list: Pointer) => number;
  readonly deviceName: (list: Pointer, index: number, status: Pointer) => string;
  readonly deviceType: (list: Pointer, index: number, status: Pointer) => string;
  readonly deleteDeviceList: (list: Pointer) => void;
  readonly addFunction: (
    context: Pointer,
    bytes: Uint8Array,
    size: number,
    status: Pointer,
  ) => void;
  readonly removeFunction: (context: Pointer, name: string, status: Pointer) => void;
  readonly newHandle: (tensor: Pointer, status: Pointer) => Pointer;
  readonly deleteHandle: (handle: Pointer) => void;
  readonly resolveHandle: (handle: Pointer, status: Pointer) => Pointer;
  readonly newOp: (context: Pointer, name: string, status: Pointer) => Pointer;
  readonly setDevice: (op: Pointer, device: string, status: Pointer) => void;
  readonly addInput: (op: Pointer, handle: Pointer, status: Pointer) => void;
  readonly execute: (
    op: Pointer,
    results: BigInt64Array,
    count: Int32Array,
    status: Pointer,
  ) => void;
  readonly deleteOp: (op: Pointer) => void;
}

/** What the C API calls them, and how it declares them; addresses are whole numbers. */
const declarations: { readonly [Name in keyof CApi]: string } = {
  version: "const char *TF_Version()",
  newStatus: "intptr_t TF_NewStatus()",
  statusCode: "int TF_GetCode(intptr_t)",
  statusMessage: "const char *TF_Message(intptr_t)",
  allocateTensor: "intptr_t TF_AllocateTensor(int, const int64_t *, int, size_t)",
  tensorData: "intptr_t TF_TensorData(intptr_t)",
  tensorByteSize: "size_t TF_TensorByteSize(intptr_t)",
  deleteTensor: "void TF_DeleteTensor(intptr_t)",
  newContextOptions: "intptr_t TFE_NewContextOptions()",
  setConfig: "void TFE_ContextOptionsSetConfig(intptr_t, const uint8_t *, size_t, intptr_t)",
  deleteContextOptions: "void TFE_DeleteContextOptions(intptr_t)",
  newContext: "intptr_t TFE_NewContext(intptr_t, intptr_t)",
  deleteContext: "void TFE_DeleteContext(intptr_t)",
  listDevices: "intptr_t TFE_ContextListDevices(intptr_t, intptr_t)",
  deviceCount: "int TF_DeviceListCount(intptr_t)",
  deviceName: "const char *TF_DeviceListName(intptr_t, int, intptr_t)",
  deviceType: "const char *TF_DeviceListType(intptr_t, int, intptr_t)",
  deleteDeviceList: "void TF_DeleteDeviceList(intptr_t)",
  addFunction: "void TFE_ContextAddFunctionDef(intptr_t, const uint8_t *, size_t, intptr_t)",
  removeFunction: "void TFE_ContextRemoveFunction(intptr_t, const char *, intptr_t)",
  newHandle: "intptr_t TFE_NewTensorHandle(intptr_t, intptr_t)",
  deleteHandle: "void TFE_DeleteTensorHandle(intptr_t)",
  resolveHandle: "intptr_t TFE_TensorHandleResolve(intptr_t, intptr_t)",
  newOp: "intptr_t TFE_NewOp(intptr_t, const char *, intptr_t)",
  setDevice: "void TFE_OpSetDevice(intptr_t, const char *, intptr_t)",
  addInput: "void TFE_OpAddInput(intptr_t, intptr_t, intptr_t)",
  execute: "void TFE_Execute(intptr_t, _Inout_ intptr_t *, _Inout_ int *, intptr_t)",
  deleteOp: "void TFE_DeleteOp(intptr_t)",
};

/** What the C API calls them. */
export const functionNames: readonly string[] = Object.values(declarations).map((declaration) =>
  declaration.replace(/^.*?(\w+)\(.*$/, "$1"),
);

/** Declares the functions; throws where the library lacks one. */
export function declare(...libraries: readonly LibraryHandle[]): CApi {
  const functions = Object.entries(declarations).map(([name, declaration]) => [
    name,
    declareIn(libraries, declaration),
  ]);
  return Object.fromEntries(functions) as CApi;
}

/** Some functions are in one of TensorFlow's two libraries only. */
function declareIn(libraries: readonly LibraryHandle[], declaration: string): unknown {
  const errors: unknown[] = [];
  for (const library of libraries) {
    try {
      return library.func(declaration);
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0];
}
