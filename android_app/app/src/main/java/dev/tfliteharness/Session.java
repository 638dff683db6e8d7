package dev.tfliteharness;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.Tensor;

/** One model open on one backend, with a buffer for each of its outputs. Made, used and closed on one thread. */
final class Session implements AutoCloseable {
    private final Backend backend;
    private final Interpreter interpreter;
    private final Map<Integer, Object> outputs = new HashMap<>();

    Session(BundledModel model, Backend.Choice choice) {
        backend = new Backend(choice);
        Interpreter opened = null;
        try {
            opened = new Interpreter(model.bytes, backend.options());
            for (int i = 0; i < opened.getOutputTensorCount(); i++) {
                outputs.put(i, Bytes.directOf(opened.getOutputTensor(i).numBytes()));
            }
        } catch (Throwable e) {
            if (opened != null) {
                opened.close();
            }
            backend.close();
            throw e;
        }
        interpreter = opened;
    }

    /**
     * Runs the model once; only the interpreter's own work is timed.
     *
     * @return nanoseconds
     */
    long run(Object[] inputs) {
        for (Object input : inputs) {
            ((ByteBuffer) input).rewind();
        }
        for (Object output : outputs.values()) {
            ((ByteBuffer) output).rewind();
        }
        long start = System.nanoTime();
        interpreter.runForMultipleInputsOutputs(inputs, outputs);
        return System.nanoTime() - start;
    }

    /** The bytes of an output after the last run. */
    ByteBuffer output(int index) {
        ByteBuffer buffer = (ByteBuffer) outputs.get(index);
        buffer.rewind();
        return buffer;
    }

    List<Tensor> inputTensors() {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < interpreter.getInputTensorCount(); i++) {
            tensors.add(interpreter.getInputTensor(i));
        }
        return tensors;
    }

    List<Tensor> outputTensors() {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < interpreter.getOutputTensorCount(); i++) {
            tensors.add(interpreter.getOutputTensor(i));
        }
        return tensors;
    }

    @Override
    public void close() {
        interpreter.close();
        backend.close();
    }
}
