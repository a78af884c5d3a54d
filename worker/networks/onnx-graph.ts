import onnxProto from 'onnx-proto';
import { version } from '../../src/version.ts';

const { onnx } = onnxProto;

/** ONNX operator set; Resize with half_pixel has been as it is since 13. */
const operatorSet = 17;
/** The file format version that belongs to operator set 17. */
const irVersion = 8;
const float = 1;
const int64 = 7;

interface OpenTensor {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

type Attribute = onnxProto.onnx.IAttributeProto;

/** An ONNX graph in the making: operators in their order, and the constants that they take. */
export class GraphBuilder {
  readonly #nodes: onnxProto.onnx.INodeProto[] = [];
  readonly #constants: onnxProto.onnx.ITensorProto[] = [];

  node(opType: string, input: readonly string[], output: string, attribute: Attribute[] = []): void {
    this.#nodes.push({ opType, name: output, input: [...input], output: [output], attribute });
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    this.#constants.push({
      name,
      dims: [...dims],
      dataType: float,
      rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    });
    return name;
  }

  integers(name: string, values: readonly number[]): string {
    const raw = BigInt64Array.from(values, BigInt);
    this.#constants.push({ name, dims: [values.length], dataType: int64, rawData: new Uint8Array(raw.buffer) });
    return name;
  }

  /** The file, with one input and one output of float32 [batch, ...shape]; the batch and what has a name are free. */
  encode(name: string, input: OpenTensor, output: OpenTensor): Uint8Array {
    const model = onnx.ModelProto.create({
      irVersion,
      producerName: 'contour-node',
      producerVersion: version,
      opsetImport: [{ domain: '', version: operatorSet }],
      graph: {
        name,
        node: this.#nodes,
        initializer: this.#constants,
        input: [valueInfo(input)],
        output: [valueInfo(output)],
      },
    });
    return onnx.ModelProto.encode(model).finish();
  }
}

function valueInfo({ name, shape }: OpenTensor): onnxProto.onnx.IValueInfoProto {
  const dim = ['batch', ...shape].map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: float, shape: { dim } } } };
}

export function int(name: string, i: number): Attribute {
  return { name, type: onnx.AttributeProto.AttributeType.INT, i };
}

export function ints(name: string, values: readonly number[]): Attribute {
  return { name, type: onnx.AttributeProto.AttributeType.INTS, ints: [...values] };
}

export function number(name: string, f: number): Attribute {
  return { name, type: onnx.AttributeProto.AttributeType.FLOAT, f };
}

export function text(name: string, value: string): Attribute {
  return { name, type: onnx.AttributeProto.AttributeType.STRING, s: Buffer.from(value) };
}
