package dev.tfliteharness;

import android.app.Instrumentation;
import android.content.res.AssetFileDescriptor;
import android.os.Bundle;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.TensorFlowLite;
import org.tensorflow.lite.nnapi.NnApiDelegate;

/** Runs a model of float inputs on the CPU, or by NNAPI, with whatever version of the library the APK carries. */
public final class InterpreterRun extends Instrumentation {
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
        Interpreter.Options options = new Interpreter.Options().setNumThreads(1);
        try {
            ByteBuffer model = model(this, arguments.getString("model"));
            NnApiDelegate delegate = "nnapi".equals(arguments.getString("delegate")) ? new NnApiDelegate() : null;
            if (delegate != null) {
                options.addDelegate(delegate);
            }
            try (Interpreter interpreter = new Interpreter(model, options)) {
                result.putString("output", run(interpreter));
            }
            if (delegate != null) {
                delegate.close();
            }
            result.putString("version", TensorFlowLite.runtimeVersion());
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
        finish(-1, result);
    }

    static ByteBuffer model(Instrumentation run, String asset) throws IOException {
        try (AssetFileDescriptor file = run.getTargetContext().getAssets().openFd(asset);
                FileInputStream stream = new FileInputStream(file.getFileDescriptor())) {
            return stream.getChannel().map(FileChannel.MapMode.READ_ONLY, file.getStartOffset(), file.getLength());
        }
    }

    /** The answer to 0.01, 0.02, …, as text. */
    static String run(Interpreter interpreter) {
        ByteBuffer in = floats(interpreter.getInputTensor(0).numBytes());
        ByteBuffer out = floats(interpreter.getOutputTensor(0).numBytes());
        for (int i = 0; in.remaining() > 0; i++) {
            in.putFloat(i % 100 / 100f);
        }
        in.rewind();
        interpreter.run(in, out);
        out.rewind();
        FloatBuffer answer = out.asFloatBuffer();
        float[] values = new float[answer.remaining()];
        answer.get(values);
        return Arrays.toString(values);
    }

    private static ByteBuffer floats(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }
}
