package dev.tfliteharness;

import android.content.res.AssetManager;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.tensorflow.lite.Tensor;

/** One press of Run: a model on a backend, fed with a photo, once to warm up and then some times to be timed. */
final class Trial {
    private static final int TOP = 5;
    private static final int RUNS = 20;
    private static final long ENOUGH_NANOS = 3_000_000_000L;
    private static final String CLASSIFICATION = "image_classification";

    final Catalog.Model model;
    final Catalog.Variant variant;
    final BackendPreset backend;
    final Catalog.Photo photo;

    Trial(Catalog.Model model, Catalog.Variant variant, BackendPreset backend, Catalog.Photo photo) {
        this.model = model;
        this.variant = variant;
        this.backend = backend;
        this.photo = photo;
    }

    /** What a trial gave: scores (empty when the model isn't a classifier), its outputs in words, and the times. */
    static final class Result {
        final List<Classifier.Score> scores;
        final String outputs;
        final long initNanos;
        final long[] sortedNanos;

        Result(List<Classifier.Score> scores, String outputs, long initNanos, long[] sortedNanos) {
            this.scores = scores;
            this.outputs = outputs;
            this.initNanos = initNanos;
            this.sortedNanos = sortedNanos;
        }

        long medianNanos() {
            int half = sortedNanos.length / 2;
            return sortedNanos.length % 2 == 1
                    ? sortedNanos[half]
                    : (sortedNanos[half - 1] + sortedNanos[half]) / 2;
        }
    }

    static Bitmap decode(AssetManager assets, Catalog.Photo photo) throws IOException {
        try (InputStream in = assets.open(photo.asset)) {
            Bitmap bitmap = BitmapFactory.decodeStream(in);
            if (bitmap == null) {
                throw new BadInputException(photo.asset + " is not a picture that Android can read");
            }
            return bitmap;
        }
    }

    Result run(AssetManager assets) throws IOException {
        if (model.input == null) {
            throw new BadInputException(model.title + " isn't fed photos: run it by a scenario (harness run)");
        }
        BundledModel bundled = BundledModel.open(assets, variant.asset);
        long start = System.nanoTime();
        try (Session session = new Session(bundled, backend.choice)) {
            long initNanos = System.nanoTime() - start;
            List<Tensor> takes = session.inputTensors();
            if (takes.size() != 1) {
                throw new BadInputException(model.title + " takes " + takes.size() + " inputs: run it by a scenario");
            }
            Object[] inputs = {Preprocessor.input(decode(assets, photo), model.input, takes.get(0))};
            long[] times = time(session, inputs);
            List<Tensor> gives = session.outputTensors();
            List<Classifier.Score> scores = Collections.emptyList();
            if (model.task.equals(CLASSIFICATION) && model.labels != null) {
                scores = Classifier.top(session.output(0), gives.get(0), Catalog.labels(assets, model), TOP);
            }
            return new Result(scores, scores.isEmpty() ? describe(session, gives) : "", initNanos, times);
        }
    }

    private static long[] time(Session session, Object[] inputs) {
        session.run(inputs);
        long[] times = new long[RUNS];
        long total = 0;
        int count = 0;
        while (count < RUNS && total < ENOUGH_NANOS) {
            times[count] = session.run(inputs);
            total += times[count++];
        }
        long[] sorted = Arrays.copyOf(times, count);
        Arrays.sort(sorted);
        return sorted;
    }

    private static String describe(Session session, List<Tensor> tensors) throws BadInputException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            Numbers numbers = Numbers.of(tensor);
            ByteBuffer output = session.output(i);
            float least = Float.POSITIVE_INFINITY;
            float most = Float.NEGATIVE_INFINITY;
            double sum = 0;
            for (int k = 0; k < tensor.numElements(); k++) {
                float value = numbers.get(output);
                least = Math.min(least, value);
                most = Math.max(most, value);
                sum += value;
            }
            text.append(i > 0 ? "\n" : "")
                    .append(tensor.name())
                    .append("  ")
                    .append(TensorJson.dtype(tensor))
                    .append(' ')
                    .append(TensorJson.shape(tensor))
                    .append(String.format(Locale.ROOT, "%n    %.4g to %.4g, mean %.4g", least, most, sum / tensor.numElements()));
        }
        return text.toString();
    }
}
