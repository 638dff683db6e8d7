package dev.tfliteharness;

import android.app.Activity;
import android.app.Instrumentation;
import android.os.Bundle;
import android.util.Log;
import java.io.File;
import java.io.IOException;
import org.json.JSONException;

/**
 * Runs the plan that the host has pushed: {@code am instrument -w -e plan <file> dev.tfliteharness/.RunInstrumentation}.
 *
 * <p>Each record goes out as a status at once. It finishes with {@code RESULT_OK} and the journal's path, or with
 * {@code RESULT_CANCELED} and an {@code error} when the plan can't be run at all.
 */
public final class RunInstrumentation extends Instrumentation {
    static final String TAG = "tfliteharness";
    private static final int STATUS_RECORD = 1;

    private String planPath;

    @Override
    public void onCreate(Bundle arguments) {
        super.onCreate(arguments);
        planPath = arguments == null ? null : arguments.getString("plan");
        start();
    }

    @Override
    public void onStart() {
        Bundle result = new Bundle();
        int code;
        try {
            result.putString("samples", runPlan());
            result.putString("status", "complete");
            code = Activity.RESULT_OK;
        } catch (IOException | JSONException e) {
            Log.e(TAG, "the plan can't be run", e);
            result.putString("status", "error");
            result.putString("error", Failure.text(e));
            code = Activity.RESULT_CANCELED;
        }
        finish(code, result);
    }

    private String runPlan() throws IOException, JSONException {
        if (planPath == null) {
            throw new BadInputException("no plan was named: am instrument -e plan <file>");
        }
        Plan plan = Plan.read(new File(planPath));
        File files = getTargetContext().getExternalFilesDir(null);
        if (files == null) {
            throw new IOException("the device's shared storage is not there");
        }
        try (Recorder recorder = new Recorder(new File(files, "runs/" + plan.runId), plan.runId, this::send)) {
            new PlanRunner(getTargetContext(), plan, recorder).run();
            return recorder.file.getAbsolutePath();
        }
    }

    private void send(String line) {
        Bundle status = new Bundle();
        status.putString("record", line);
        sendStatus(STATUS_RECORD, status);
    }
}
