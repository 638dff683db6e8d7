package dev.tfliteharness;

import android.graphics.Bitmap;
import java.nio.ByteBuffer;
import org.tensorflow.lite.Tensor;

/** A photo as a model's input: its middle cut out, scaled, its pixels made numbers. */
final class Preprocessor {
    private Preprocessor() {}

    static ByteBuffer input(Bitmap photo, Catalog.ImageInput image, Tensor tensor) throws BadInputException {
        int[] shape = tensor.shape();
        int plane = image.width * image.height;
        if (tensor.numElements() != 3 * plane) {
            throw new BadInputException(
                    "the model takes " + TensorJson.shape(tensor) + ", the catalog says "
                            + image.width + " × " + image.height + " pixels of three colours");
        }
        int[] pixels = new int[plane];
        Bitmap scaled = scale(photo, image.width, image.height);
        scaled.getPixels(pixels, 0, image.width, 0, 0, image.width, image.height);
        Numbers numbers = Numbers.of(tensor);
        boolean raw = tensor.dataType() != org.tensorflow.lite.DataType.FLOAT32 && !numbers.quantized();
        boolean channelsFirst = shape.length == 4 && shape[1] == 3 && shape[3] != 3;
        ByteBuffer buffer = Bytes.directOf(tensor.numBytes());
        for (int i = 0; i < 3 * plane; i++) {
            int channel = channelsFirst ? i / plane : i % 3;
            int pixel = pixels[channelsFirst ? i % plane : i / 3];
            int value = (pixel >> (16 - 8 * channel)) & 0xFF;
            numbers.put(buffer, raw ? value : (value - image.mean[channel]) / image.std[channel]);
        }
        buffer.rewind();
        return buffer;
    }

    /** The largest part from the middle that has the right proportions, halved until the last step is a short one. */
    private static Bitmap scale(Bitmap photo, int width, int height) {
        int cutWidth = Math.min(photo.getWidth(), Math.max(1, photo.getHeight() * width / height));
        int cutHeight = Math.min(photo.getHeight(), Math.max(1, photo.getWidth() * height / width));
        Bitmap cut =
                Bitmap.createBitmap(
                        photo,
                        (photo.getWidth() - cutWidth) / 2,
                        (photo.getHeight() - cutHeight) / 2,
                        cutWidth,
                        cutHeight);
        while (cut.getWidth() >= 2 * width && cut.getHeight() >= 2 * height) {
            cut = Bitmap.createScaledBitmap(cut, cut.getWidth() / 2, cut.getHeight() / 2, true);
        }
        return Bitmap.createScaledBitmap(cut, width, height, true);
    }
}
