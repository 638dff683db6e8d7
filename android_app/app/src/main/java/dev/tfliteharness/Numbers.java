package dev.tfliteharness;

import java.nio.ByteBuffer;
import org.tensorflow.lite.DataType;
import org.tensorflow.lite.Tensor;

/** A tensor's bytes as real numbers, and real numbers as its bytes: scale and zero point taken care of. */
final class Numbers {
    private final DataType type;
    private final float scale;
    private final int zeroPoint;

    private Numbers(DataType type, float scale, int zeroPoint) {
        this.type = type;
        this.scale = scale;
        this.zeroPoint = zeroPoint;
    }

    /** The numbers of a tensor. Throws for types that aren't numbers of at most 32 bits. */
    static Numbers of(Tensor tensor) throws BadInputException {
        switch (tensor.dataType()) {
            case FLOAT32:
            case INT32:
            case INT16:
            case INT8:
            case UINT8:
                Tensor.QuantizationParams params = tensor.quantizationParams();
                return new Numbers(tensor.dataType(), params.getScale(), params.getZeroPoint());
            default:
                throw new BadInputException(
                        "tensor " + tensor.name() + " is of " + TensorJson.dtype(tensor) + ", which this screen can't show");
        }
    }

    boolean quantized() {
        return type != DataType.FLOAT32 && scale != 0;
    }

    /** Writes a number at the buffer's position; a quantized one is rounded and kept within its type. */
    void put(ByteBuffer buffer, float value) {
        switch (type) {
            case FLOAT32:
                buffer.putFloat(value);
                break;
            case INT32:
                buffer.putInt(stored(value, Integer.MIN_VALUE, Integer.MAX_VALUE));
                break;
            case INT16:
                buffer.putShort((short) stored(value, Short.MIN_VALUE, Short.MAX_VALUE));
                break;
            case INT8:
                buffer.put((byte) stored(value, Byte.MIN_VALUE, Byte.MAX_VALUE));
                break;
            default:
                buffer.put((byte) stored(value, 0, 255));
        }
    }

    /** Reads the number at the buffer's position. */
    float get(ByteBuffer buffer) {
        switch (type) {
            case FLOAT32:
                return buffer.getFloat();
            case INT32:
                return real(buffer.getInt());
            case INT16:
                return real(buffer.getShort());
            case INT8:
                return real(buffer.get());
            default:
                return real(buffer.get() & 0xFF);
        }
    }

    private int stored(float value, int least, int most) {
        long rounded = Math.round((double) (scale == 0 ? value : value / scale)) + zeroPoint;
        return (int) Math.max(least, Math.min(most, rounded));
    }

    private float real(int stored) {
        return scale == 0 ? stored : (stored - zeroPoint) * scale;
    }
}
