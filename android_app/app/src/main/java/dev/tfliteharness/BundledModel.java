package dev.tfliteharness;

import android.content.res.AssetFileDescriptor;
import android.content.res.AssetManager;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A `.tflite` of the APK, mapped into memory where it lies. */
final class BundledModel {
    final ByteBuffer bytes;

    private BundledModel(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /** Maps an asset, which must be stored without compression. */
    static BundledModel open(AssetManager assets, String asset) throws IOException {
        try (AssetFileDescriptor fd = assets.openFd(asset);
                FileInputStream in = fd.createInputStream();
                FileChannel channel = in.getChannel()) {
            return new BundledModel(
                    channel.map(FileChannel.MapMode.READ_ONLY, fd.getStartOffset(), fd.getLength()));
        } catch (IOException e) {
            throw new BadInputException(
                    "the app has no model " + asset + " that is stored without compression: " + e.getMessage(), e);
        }
    }

    /** Maps an asset and checks that it is the one that is meant. */
    static BundledModel openChecked(AssetManager assets, String asset, String sha256) throws IOException {
        BundledModel model = open(assets, asset);
        String found = Bytes.sha256(model.bytes);
        if (!found.equals(sha256)) {
            throw new BadInputException(
                    "the app's " + asset + " is another model: the plan means " + sha256 + ", found " + found);
        }
        return model;
    }
}
