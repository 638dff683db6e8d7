package dev.tfliteharness;

import android.app.Activity;
import android.content.res.Resources;
import android.os.Build;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.Button;
import android.widget.ProgressBar;
import android.widget.TextView;
import org.tensorflow.lite.TensorFlowLite;

/** The lower half of the screen: the button, what goes on, and what came out of it. */
final class OutcomeView {
    private static final double NANOS_PER_MILLI = 1e6;

    private final Activity activity;
    private final Button button;
    private final View progress;
    private final View resultCard;
    private final View errorCard;
    private final ViewGroup rows;

    OutcomeView(Activity activity) {
        this.activity = activity;
        button = activity.findViewById(R.id.run);
        progress = activity.findViewById(R.id.progress);
        resultCard = activity.findViewById(R.id.result_card);
        errorCard = activity.findViewById(R.id.error_card);
        rows = activity.findViewById(R.id.scores);
        text(R.id.subtitle, activity.getString(R.string.subtitle, Build.MODEL, Build.VERSION.RELEASE));
    }

    /** Leaves nothing to be pressed: the app has no models. */
    void disable() {
        button.setEnabled(false);
    }

    void show(Trials trials) {
        boolean running = trials.running();
        if (trials.trial != null || trials.error == null) {
            button.setEnabled(!running);
        }
        button.setText(running ? R.string.running : R.string.run);
        progress.setVisibility(running ? View.VISIBLE : View.INVISIBLE);
        resultCard.setVisibility(trials.result == null ? View.GONE : View.VISIBLE);
        errorCard.setVisibility(trials.error == null ? View.GONE : View.VISIBLE);
        if (trials.error != null) {
            text(R.id.error_title, trials.trial == null ? activity.getString(R.string.error) : refusal(trials.trial));
            text(R.id.error, trials.error);
        }
        if (trials.result != null) {
            showResult(trials.trial, trials.result);
        }
    }

    private void showResult(Trial trial, Trial.Result result) {
        Resources resources = activity.getResources();
        long[] sorted = result.sortedNanos;
        text(R.id.median, activity.getString(R.string.milliseconds, result.medianNanos() / NANOS_PER_MILLI));
        text(
                R.id.spread,
                resources.getQuantityString(
                        R.plurals.spread,
                        sorted.length,
                        sorted.length,
                        sorted[0] / NANOS_PER_MILLI,
                        sorted[sorted.length - 1] / NANOS_PER_MILLI));
        text(
                R.id.backend_used,
                activity.getString(
                        R.string.backend_used,
                        trial.model.title,
                        trial.variant.name,
                        activity.getString(trial.backend.title)));
        text(
                R.id.versions,
                activity.getString(
                        R.string.versions, TensorFlowLite.runtimeVersion(), result.initNanos / NANOS_PER_MILLI));
        TextView outputs = text(R.id.outputs, result.outputs);
        outputs.setVisibility(result.outputs.isEmpty() ? View.GONE : View.VISIBLE);
        rows.removeAllViews();
        for (Classifier.Score score : result.scores) {
            rows.addView(row(score));
        }
    }

    private View row(Classifier.Score score) {
        View row = LayoutInflater.from(activity).inflate(R.layout.score_row, rows, false);
        String percent = activity.getString(R.string.percent, 100 * score.probability);
        ((TextView) row.findViewById(R.id.label)).setText(score.label);
        ((TextView) row.findViewById(R.id.score)).setText(percent);
        ProgressBar bar = row.findViewById(R.id.bar);
        bar.setProgress(Math.round(bar.getMax() * score.probability));
        row.setContentDescription(activity.getString(R.string.score_description, score.label, percent));
        return row;
    }

    private String refusal(Trial trial) {
        return activity.getString(
                R.string.refused, trial.model.title, trial.variant.name, activity.getString(trial.backend.title));
    }

    private TextView text(int id, String value) {
        TextView view = activity.findViewById(id);
        view.setText(value);
        return view;
    }
}
