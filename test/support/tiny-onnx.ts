import proto from 'onnx-proto';

const { onnx } = proto;

/**
 * An ONNX graph of one 1×1 convolution and a sigmoid: output channel o is sigmoid(sum over c of weights[o][c] * input c
 * + bias[o]). With a steep weight it is a network that thresholds its input, whose truth is known exactly.
 * NCHW; batch, height and width are free.
 */
export function pointwiseNetwork(options: {
  weights: readonly (readonly number[])[];
  bias: readonly number[];
  activation?: 'sigmoid' | 'none';
  /** Names of the graph's tensors. */
  input?: string;
  output?: string;
  /** Batch, height and width, as an exporter without dynamic axes fixes them. */
  fixed?: readonly [number, number, number];
}): Uint8Array {
  const outputs = options.weights.length;
  const inputs = options.weights[0]!.length;
  const float = onnx.TensorProto.DataType.FLOAT;
  const { input = 'input', output = 'output' } = options;
  const last = options.activation === 'none' ? output : 'sum';
  const tensor = (name: string, dims: number[], values: number[]) => ({
    name,
    dims,
    dataType: float,
    floatData: values,
  });
  const size = (name: string, index: number) =>
    options.fixed === undefined ? { dimParam: name } : { dimValue: options.fixed[index] };
  const value = (name: string, channels: number) => ({
    name,
    type: {
      tensorType: {
        elemType: float,
        shape: {
          dim: [size('batch', 0), { dimValue: channels }, size('height', 1), size('width', 2)],
        },
      },
    },
  });
  const node = [
    {
      opType: 'Conv',
      input: [input, 'weights', 'bias'],
      output: [last],
      attribute: [{ name: 'kernel_shape', type: onnx.AttributeProto.AttributeType.INTS, ints: [1, 1] }],
    },
    ...(last === 'sum' ? [{ opType: 'Sigmoid', input: ['sum'], output: [output] }] : []),
  ];
  return onnx.ModelProto.encode(
    onnx.ModelProto.fromObject({
      irVersion: 8,
      producerName: 'contour-node test',
      opsetImport: [{ domain: '', version: 13 }],
      graph: {
        name: 'pointwise',
        node,
        initializer: [
          tensor('weights', [outputs, inputs, 1, 1], options.weights.flat()),
          tensor('bias', [outputs], [...options.bias]),
        ],
        input: [value(input, inputs)],
        output: [value(output, outputs)],
      },
    }),
  ).finish();
}
