package dev.tfliteharness;

import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.gpu.GpuDelegate;
import org.tensorflow.lite.gpu.GpuDelegateFactory;

/** The options that an interpreter is made with, and the delegate behind them; closed after the interpreter. */
final class Backend implements AutoCloseable {
    /** Which delegate, and how it is set. */
    static final class Choice {
        final boolean gpu;
        final GpuDelegateFactory.Options.GpuBackend gpuApi;
        final boolean precisionLoss;
        final int threads;
        final boolean xnnpack;

        Choice(
                boolean gpu,
                GpuDelegateFactory.Options.GpuBackend gpuApi,
                boolean precisionLoss,
                int threads,
                boolean xnnpack) {
            this.gpu = gpu;
            this.gpuApi = gpuApi;
            this.precisionLoss = precisionLoss;
            this.threads = threads;
            this.xnnpack = xnnpack;
        }

        static Choice cpu(boolean xnnpack) {
            return new Choice(false, GpuDelegateFactory.Options.GpuBackend.UNSET, true, 1, xnnpack);
        }

        static Choice gpu(GpuDelegateFactory.Options.GpuBackend api) {
            return new Choice(true, api, true, 1, true);
        }

        static Choice read(Fields cell) throws BadInputException {
            return new Choice(
                    isGpu(cell),
                    gpuApi(cell),
                    cell.bool("precision_loss", true),
                    cell.integer("threads", 1, 1),
                    cell.bool("xnnpack", true));
        }

        private static boolean isGpu(Fields cell) throws BadInputException {
            switch (cell.string("delegate")) {
                case "cpu":
                    return false;
                case "gpu":
                    return true;
                default:
                    throw cell.bad("delegate", "must be cpu or gpu");
            }
        }

        private static GpuDelegateFactory.Options.GpuBackend gpuApi(Fields cell) throws BadInputException {
            switch (cell.string("gpu_api", "any")) {
                case "any":
                    return GpuDelegateFactory.Options.GpuBackend.UNSET;
                case "opencl":
                    return GpuDelegateFactory.Options.GpuBackend.OPENCL;
                case "opengl":
                    return GpuDelegateFactory.Options.GpuBackend.OPENGL;
                default:
                    throw cell.bad("gpu_api", "must be any, opencl or opengl");
            }
        }
    }

    private final Interpreter.Options options;
    private final GpuDelegate delegate;

    Backend(Choice choice) {
        options = new Interpreter.Options().setNumThreads(choice.threads).setUseXNNPACK(choice.xnnpack);
        if (choice.gpu) {
            GpuDelegateFactory.Options gpu = new GpuDelegateFactory.Options();
            gpu.setPrecisionLossAllowed(choice.precisionLoss).setForceBackend(choice.gpuApi);
            delegate = new GpuDelegate(gpu);
            options.addDelegate(delegate);
        } else {
            delegate = null;
        }
    }

    Interpreter.Options options() {
        return options;
    }

    @Override
    public void close() {
        if (delegate != null) {
            delegate.close();
        }
    }
}
