package dev.tfliteharness;

import android.app.Instrumentation;
import android.os.Bundle;
import java.io.IOException;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.gpu.GpuDelegate;
import org.tensorflow.lite.gpu.GpuDelegateFactory;

/** Runs a model of float inputs by GpuDelegate, over OpenCL or OpenGL as told. */
public final class GpuRun extends Instrumentation {
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
        GpuDelegateFactory.Options options = new GpuDelegateFactory.Options();
        options.setPrecisionLossAllowed(false);
        options.setForceBackend(GpuDelegateFactory.Options.GpuBackend.valueOf(arguments.getString("delegate")));
        try (GpuDelegate delegate = new GpuDelegate(options);
                Interpreter interpreter = new Interpreter(
                        InterpreterRun.model(this, arguments.getString("model")),
                        new Interpreter.Options().addDelegate(delegate))) {
            result.putString("output", InterpreterRun.run(interpreter));
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
        finish(-1, result);
    }
}
