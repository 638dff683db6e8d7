package dev.tfliteharness;

import android.os.SystemClock;
import android.util.Log;
import java.io.File;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.tensorflow.lite.Tensor;

/** One cell on its way through a run: opened, warmed up, sampled; whatever its backend throws ends this cell only. */
final class CellRun implements AutoCloseable {
    private final String runId;
    private final Plan.Cell cell;
    private final InputSet inputs;
    private final Recorder recorder;
    private final DeviceState device;
    private final Set<String> kept = new HashSet<>();
    private Session session;
    private boolean failed;

    CellRun(String runId, Plan.Cell cell, InputSet inputs, Recorder recorder, DeviceState device) {
        this.runId = runId;
        this.cell = cell;
        this.inputs = inputs;
        this.recorder = recorder;
        this.device = device;
    }

    /** Writes that a cell was not run, and why. */
    static void writeFailure(Recorder recorder, Plan.Cell cell, String status, Throwable why, long initNanos)
            throws IOException, JSONException {
        recorder.write(
                recorder.record("cell")
                        .put("cell", cell.id)
                        .put("status", status)
                        .put("error", Failure.text(why))
                        .put("init_ns", initNanos)
                        .put("inputs", new JSONArray())
                        .put("outputs", new JSONArray()));
    }

    /** Makes the interpreter, and writes how long that took or why it was refused. */
    void open(BundledModel model) throws IOException, JSONException {
        Log.i(RunInstrumentation.TAG, "cell begin " + runId + " " + cell.id);
        Throwable refusal = null;
        long start = System.nanoTime();
        try {
            session = new Session(model, cell.backend);
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            refusal = e;
        }
        long nanos = System.nanoTime() - start;
        Log.i(RunInstrumentation.TAG, "cell end " + runId + " " + cell.id);
        if (refusal != null) {
            writeFailure(recorder, cell, "refused", refusal, nanos);
            return;
        }
        recorder.write(
                recorder.record("cell")
                        .put("cell", cell.id)
                        .put("status", "ready")
                        .put("error", "")
                        .put("init_ns", nanos)
                        .put("inputs", TensorJson.describe(session.inputTensors()))
                        .put("outputs", TensorJson.describe(session.outputTensors())));
        try {
            inputs.requireFit(session.inputTensors());
        } catch (BadInputException e) {
            fail(e);
        }
    }

    void warmUp() throws IOException, JSONException {
        for (int round = 0; hasRound(round, cell.warmup); round++) {
            sample("warmup", round);
        }
    }

    boolean hasRound(int round) {
        return hasRound(round, cell.rounds);
    }

    private boolean hasRound(int round, int rounds) {
        return session != null && !failed && round < rounds;
    }

    /** Runs one inference and writes it down; a backend that throws ends this cell. */
    void sample(String phase, int round) throws IOException, JSONException {
        long start = SystemClock.elapsedRealtimeNanos();
        long nanos;
        try {
            nanos = session.run(inputs.tensors(round));
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            fail(e);
            return;
        }
        String input = inputs.name(round);
        JSONObject record =
                recorder.record("sample")
                        .put("cell", cell.id)
                        .put("phase", phase)
                        .put("round", round)
                        .put("input", input)
                        .put("start_ns", start)
                        .put("duration_ns", nanos);
        device.describe(record);
        boolean keep = phase.equals("run") && kept.add(input);
        recorder.write(record.put("outputs", outputs(keep ? input : null)));
    }

    @Override
    public void close() {
        if (session != null) {
            session.close();
            session = null;
        }
    }

    /** Where a run keeps an output tensor, from its own folder. */
    static String outputFile(int cell, String input, int number) {
        return "outputs/" + cell + "/" + input + "/" + number + ".bin";
    }

    /** The outputs as they are; kept in files when they are the first of `input`. */
    private JSONArray outputs(String input) throws IOException, JSONException {
        JSONArray outputs = new JSONArray();
        List<Tensor> tensors = session.outputTensors();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            String file = input == null ? null : outputFile(cell.index, input, i);
            if (file != null) {
                File target = new File(recorder.folder, file);
                if (!target.getParentFile().isDirectory() && !target.getParentFile().mkdirs()) {
                    throw new IOException("can't make the folder " + target.getParent());
                }
                Bytes.write(session.output(i), target);
            }
            outputs.put(
                    new JSONObject()
                            .put("index", i)
                            .put("dtype", TensorJson.dtype(tensor))
                            .put("shape", TensorJson.shape(tensor))
                            .put("bytes", tensor.numBytes())
                            .put("sha256", Bytes.sha256(session.output(i)))
                            .put("file", file == null ? JSONObject.NULL : file));
        }
        return outputs;
    }

    private void fail(Throwable why) throws IOException, JSONException {
        failed = true; // closed with the others: they may share its GL context
        writeFailure(recorder, cell, "failed", why, 0);
    }
}
