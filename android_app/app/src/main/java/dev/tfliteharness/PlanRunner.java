package dev.tfliteharness;

import android.content.Context;
import android.os.SystemClock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.tensorflow.lite.TensorFlowLite;

/** Runs a plan model by model: opens all cells of a model, then lets them take turns, so that drift hits all alike. */
final class PlanRunner {
    private final Context context;
    private final Plan plan;
    private final Recorder recorder;
    private final DeviceState device;

    PlanRunner(Context context, Plan plan, Recorder recorder) {
        this.context = context;
        this.plan = plan;
        this.recorder = recorder;
        this.device = new DeviceState(context);
    }

    void run() throws IOException, JSONException {
        recorder.write(
                recorder.record("run")
                        .put("schema", Plan.SCHEMA)
                        .put("app_version", AppVersion.of(context))
                        .put("cells", new JSONArray(plan.cellIds()))
                        .put("device", DeviceState.identity())
                        .put("tflite_version", TensorFlowLite.runtimeVersion())
                        .put("start_utc_ms", System.currentTimeMillis())
                        .put("start_ns", SystemClock.elapsedRealtimeNanos()));
        for (Plan.Model model : plan.models) {
            runModel(model);
        }
        recorder.end();
    }

    private void runModel(Plan.Model model) throws IOException, JSONException {
        BundledModel bundled;
        InputSet inputs;
        try {
            bundled = BundledModel.openChecked(context.getAssets(), model.asset, model.sha256);
            inputs = new InputSet(model.inputs, recorder.folder);
        } catch (IOException e) {
            for (Plan.Cell cell : model.cells) {
                CellRun.writeFailure(recorder, cell, "failed", e, 0);
            }
            return;
        }
        List<CellRun> cells = new ArrayList<>();
        try {
            for (Plan.Cell cell : model.cells) {
                CellRun run = new CellRun(plan.runId, cell, inputs, recorder, device);
                cells.add(run);
                run.open(bundled);
                run.warmUp();
            }
            takeTurns(cells);
        } finally {
            // Last opened, first closed: cells that share a GL context leave it to the one that made it.
            Collections.reverse(cells);
            for (CellRun cell : cells) {
                cell.close();
            }
        }
    }

    /** Round r is one inference of every cell that still has rounds, beginning with the r-th of them. */
    private static void takeTurns(List<CellRun> cells) throws IOException, JSONException {
        for (int round = 0; ; round++) {
            List<CellRun> turn = new ArrayList<>();
            for (CellRun cell : cells) {
                if (cell.hasRound(round)) {
                    turn.add(cell);
                }
            }
            if (turn.isEmpty()) {
                return;
            }
            Collections.rotate(turn, -(round % turn.size()));
            for (CellRun cell : turn) {
                cell.sample("run", round);
            }
        }
    }
}
