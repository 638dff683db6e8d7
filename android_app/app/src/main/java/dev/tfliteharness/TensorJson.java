package dev.tfliteharness;

import java.util.List;
import java.util.Locale;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.tensorflow.lite.Tensor;

/** Tensors as records tell of them. */
final class TensorJson {
    private TensorJson() {}

    static String dtype(Tensor tensor) {
        return tensor.dataType().name().toLowerCase(Locale.ROOT);
    }

    static JSONArray shape(Tensor tensor) {
        JSONArray shape = new JSONArray();
        for (int size : tensor.shape()) {
            shape.put(size);
        }
        return shape;
    }

    /** Name, type, shape, size in bytes, scale and zero point (both 0 where a tensor isn't quantized) of each. */
    static JSONArray describe(List<Tensor> tensors) throws JSONException {
        JSONArray described = new JSONArray();
        for (Tensor tensor : tensors) {
            described.put(
                    new JSONObject()
                            .put("name", tensor.name())
                            .put("dtype", dtype(tensor))
                            .put("shape", shape(tensor))
                            .put("bytes", tensor.numBytes())
                            .put("scale", (double) tensor.quantizationParams().getScale())
                            .put("zero_point", tensor.quantizationParams().getZeroPoint()));
        }
        return described;
    }
}
