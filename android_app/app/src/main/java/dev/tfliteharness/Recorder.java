package dev.tfliteharness;

import java.io.Closeable;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.json.JSONException;
import org.json.JSONObject;

/** The run's journal: one JSON line a record, on the disk before the next begins, and an end mark that seals it. */
final class Recorder implements Closeable {
    /** Is given each line as soon as it is written. */
    interface Listener {
        void onRecord(String line);
    }

    final File folder;
    final File file;
    private final String runId;
    private final Listener listener;
    private final FileOutputStream out;
    private final MessageDigest digest = Bytes.digest();
    private int count;

    Recorder(File folder, String runId, Listener listener) throws IOException {
        if (folder.exists()) {
            throw new BadInputException("the run id " + runId + " was used before: " + folder + " is there");
        }
        if (!folder.mkdirs()) {
            throw new IOException("can't make the folder " + folder);
        }
        this.folder = folder;
        this.file = new File(folder, "samples.jsonl");
        this.runId = runId;
        this.listener = listener;
        this.out = new FileOutputStream(file);
    }

    /** Starts a record of this run: its type, the run's id and its place in the journal. */
    JSONObject record(String type) throws JSONException {
        return new JSONObject().put("type", type).put("run_id", runId).put("seq", count);
    }

    void write(JSONObject record) throws IOException {
        String line = record.toString();
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        out.write(bytes);
        digest.update(bytes);
        count++;
        listener.onRecord(line);
    }

    /** Seals the journal: how many records there are, and the SHA-256 of all their bytes. */
    void end() throws IOException, JSONException {
        write(
                record("end")
                        .put("count", count)
                        .put("sha256", Bytes.hex(digest.digest()))
                        .put("status", "complete"));
        out.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
