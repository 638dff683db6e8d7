package dev.tfliteharness;

import android.app.Instrumentation;
import android.graphics.BitmapFactory;
import android.os.Bundle;
import java.io.IOException;
import java.io.InputStream;
import org.tensorflow.lite.support.image.TensorImage;
import org.tensorflow.lite.support.label.Category;
import org.tensorflow.lite.task.text.nlclassifier.NLClassifier;
import org.tensorflow.lite.task.vision.classifier.ImageClassifier;
import org.tensorflow.lite.task.vision.detector.Detection;
import org.tensorflow.lite.task.vision.detector.ObjectDetector;

/** Google's Task Library on a described model: what it makes of a photo or a text by the model's metadata alone. */
public final class TasksRun extends Instrumentation {
    private Bundle arguments;

    @Override
    public void onCreate(Bundle given) {
        super.onCreate(given);
        arguments = given;
        start();
    }

    @Override
    public void onStart() {
        Bundle result = new Bundle();
        String model = arguments.getString("model");
        StringBuilder answer = new StringBuilder();
        try {
            switch (arguments.getString("task")) {
                case "image":
                    try (ImageClassifier task = ImageClassifier.createFromFile(getTargetContext(), model)) {
                        for (Category each : task.classify(photo()).get(0).getCategories().subList(0, 1)) {
                            answer.append(each.getLabel()).append('|').append(each.getScore());
                        }
                    }
                    break;
                case "detection":
                    try (ObjectDetector task = ObjectDetector.createFromFile(getTargetContext(), model)) {
                        for (Detection each : task.detect(photo()).subList(0, 1)) {
                            Category best = each.getCategories().get(0);
                            answer.append(best.getLabel()).append('|').append(best.getScore()).append('|');
                            answer.append(each.getBoundingBox().toShortString());
                        }
                    }
                    break;
                default:
                    try (NLClassifier task = NLClassifier.createFromFile(getTargetContext(), model)) {
                        for (Category each : task.classify(arguments.getString("text"))) {
                            answer.append(each.getLabel()).append('|').append(each.getScore()).append(' ');
                        }
                    }
            }
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
        result.putString("answer", answer.toString());
        finish(-1, result);
    }

    private TensorImage photo() throws IOException {
        try (InputStream photo = getTargetContext().getAssets().open(arguments.getString("photo"))) {
            return TensorImage.fromBitmap(BitmapFactory.decodeStream(photo));
        }
    }
}
