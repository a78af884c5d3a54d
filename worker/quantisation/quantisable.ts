import type onnxProto from 'onnx-proto';

type Graph = onnxProto.onnx.IGraphProto;
type Node = onnxProto.onnx.INodeProto;
export type Constant = onnxProto.onnx.ITensorProto;

const float = 1;

/** What of a graph is computed with integers. */
export interface Quantisable {
  /** Convolutions by the name of their output, with their weights and, where they have one, their bias. */
  readonly convolutions: ReadonlyMap<string, { readonly weights: Constant; readonly bias: Constant | undefined }>;
  /** Values that get integers: what the operations take, and what they give. */
  readonly values: ReadonlySet<string>;
}

/** Operations with integer kernels in onnxruntime besides convolutions. */
const joining = new Set(['Add', 'Concat']);
/** What onnxruntime merges into the rounding after a convolution or a sum. */
const clipping = new Set(['Relu', 'Clip']);

/**
 * Convolutions with constant weights, sums and concatenations. The last convolutions of the network, after which no other comes,
 * stay as they are: they take little time and their rounding would be that of the result.
 */
export function quantisable(graph: Graph): Quantisable {
  const nodes = graph.node ?? [];
  const constants = new Map((graph.initializer ?? []).map((tensor) => [tensor.name!, tensor]));
  const users = new Map<string, Node[]>();
  for (const node of nodes) for (const name of node.input ?? []) users.set(name, [...(users.get(name) ?? []), node]);

  // From the end to the beginning: the nodes of a graph stand in the order in which they run.
  const beforeConvolution = new Set<string>();
  for (const node of nodes.toReversed()) {
    const later = (node.output ?? []).flatMap((name) => users.get(name) ?? []);
    if (later.some((user) => user.opType === 'Conv' || beforeConvolution.has(user.output![0]!)))
      for (const name of node.output ?? []) beforeConvolution.add(name);
  }

  const convolutions = new Map<string, { weights: Constant; bias: Constant | undefined }>();
  const values = new Set<string>();
  for (const node of nodes) {
    const output = node.output![0]!;
    if (!beforeConvolution.has(output)) continue;
    const [first, second, third] = node.input ?? [];
    let taken: readonly string[];
    if (node.opType === 'Conv') {
      const weights = constants.get(second!);
      const bias = third === undefined || third === '' ? undefined : constants.get(third);
      if (weights?.dataType !== float || (third !== undefined && third !== '' && bias === undefined)) continue;
      convolutions.set(output, { weights, bias });
      taken = [first!];
    } else if (joining.has(node.opType!) && !node.input!.some((name) => constants.has(name))) taken = node.input!;
    else continue;
    for (const name of taken) values.add(name);
    const next = users.get(output) ?? [];
    const isClipped = next.length === 1 && clipping.has(next[0]!.opType!);
    values.add(isClipped ? next[0]!.output![0]! : output);
  }
  return { convolutions, values };
}
