package dev.tfliteharness;

import org.tensorflow.lite.gpu.GpuDelegateFactory.Options.GpuBackend;

/** The backends that the screen offers, with the names by which an intent asks for them. */
enum BackendPreset {
    CPU("cpu", R.string.backend_cpu, Backend.Choice.cpu(true)),
    CPU_PLAIN("cpu-no-xnnpack", R.string.backend_cpu_plain, Backend.Choice.cpu(false)),
    GPU("gpu", R.string.backend_gpu, Backend.Choice.gpu(GpuBackend.UNSET)),
    GPU_OPENCL("gpu-opencl", R.string.backend_gpu_opencl, Backend.Choice.gpu(GpuBackend.OPENCL)),
    GPU_OPENGL("gpu-opengl", R.string.backend_gpu_opengl, Backend.Choice.gpu(GpuBackend.OPENGL));

    final String id;
    final int title;
    final Backend.Choice choice;

    BackendPreset(String id, int title, Backend.Choice choice) {
        this.id = id;
        this.title = title;
        this.choice = choice;
    }
}
