package dev.tfliteharness;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.lite.Tensor;

/** A model's inputs, read once and checked, taken in turn by every cell; {@code run} has what cells before it answered. */
final class InputSet {
    private final List<Plan.Input> inputs;
    private final List<Object[]> buffers = new ArrayList<>();

    InputSet(List<Plan.Input> inputs, File run) throws IOException {
        this.inputs = inputs;
        for (Plan.Input input : inputs) {
            Object[] tensors = new Object[input.tensors.size()];
            for (int i = 0; i < tensors.length; i++) {
                tensors[i] = read(input.tensors.get(i), run);
            }
            buffers.add(tensors);
        }
    }

    String name(int round) {
        return inputs.get(round % inputs.size()).name;
    }

    /** The direct buffers of a round's input, one for each input tensor. */
    Object[] tensors(int round) {
        return buffers.get(round % buffers.size());
    }

    /** Refuses inputs that don't have the size that the model's tensors have. */
    void requireFit(List<Tensor> tensors) throws BadInputException {
        for (int i = 0; i < inputs.size(); i++) {
            Object[] given = buffers.get(i);
            String name = "input " + inputs.get(i).name;
            if (given.length != tensors.size()) {
                throw new BadInputException(name + " has " + given.length + " tensors, the model takes " + tensors.size());
            }
            for (int k = 0; k < given.length; k++) {
                int size = ((ByteBuffer) given[k]).capacity();
                Tensor tensor = tensors.get(k);
                if (size != tensor.numBytes()) {
                    throw new BadInputException(
                            name + " has " + size + " bytes for tensor " + k + " (" + tensor.name() + "), which takes "
                                    + tensor.numBytes());
                }
            }
        }
    }

    private static ByteBuffer read(Plan.TensorSource tensor, File run) throws IOException {
        File file = tensor.in(run);
        ByteBuffer buffer = Bytes.direct(file);
        String found = tensor.sha256 == null ? null : Bytes.sha256(buffer);
        if (found != null && !found.equals(tensor.sha256)) {
            throw new BadInputException(
                    file + " is not what the plan means: " + tensor.sha256 + ", found " + found);
        }
        return buffer;
    }
}
