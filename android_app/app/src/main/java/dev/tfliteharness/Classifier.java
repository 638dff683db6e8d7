package dev.tfliteharness;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.tensorflow.lite.Tensor;

/** A classifier's output as labels with probabilities, the best first. */
final class Classifier {
    private static final float SUM_TOLERANCE = 0.1f;

    private Classifier() {}

    /** A label and its probability, 0 to 1. */
    static final class Score {
        final String label;
        final float probability;

        Score(String label, float probability) {
            this.label = label;
            this.probability = probability;
        }
    }

    static List<Score> top(ByteBuffer output, Tensor tensor, List<String> labels, int count)
            throws BadInputException {
        if (tensor.numElements() != labels.size()) {
            throw new BadInputException(
                    "the model gives " + tensor.numElements() + " scores, there are " + labels.size() + " labels");
        }
        Numbers numbers = Numbers.of(tensor);
        float[] values = new float[labels.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = numbers.get(output);
        }
        if (!areProbabilities(values)) {
            softmax(values);
        }
        List<Score> scores = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            scores.add(new Score(labels.get(i), values[i]));
        }
        Collections.sort(scores, (a, b) -> Float.compare(b.probability, a.probability));
        return new ArrayList<>(scores.subList(0, Math.min(count, scores.size())));
    }

    private static boolean areProbabilities(float[] values) {
        double sum = 0;
        for (float value : values) {
            if (!(value >= 0 && value <= 1)) {
                return false;
            }
            sum += value;
        }
        return Math.abs(sum - 1) < SUM_TOLERANCE;
    }

    private static void softmax(float[] values) {
        float most = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            most = Math.max(most, value);
        }
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.exp(values[i] - most);
            sum += values[i];
        }
        for (int i = 0; i < values.length; i++) {
            values[i] /= (float) sum;
        }
    }
}
