package dev.tfliteharness.pixel.device;

import android.text.Hyphenator;
import java.util.Locale;
import javax.annotation.Priority;
import org.robolectric.nativeruntime.DefaultNativeRuntimeLoader;

/** The framework's native half (graphics, text, SQLite) from where it was unpacked once, not from a jar at each start. */
@Priority(1)
public final class UnpackedNativeRuntime extends DefaultNativeRuntimeLoader {
    @Override
    public synchronized void ensureLoaded() {
        if (loaded.getAndSet(true)) {
            return;
        }
        String folder = System.getProperty("pixel.nativeruntime") + "/";
        System.setProperty("robolectric.nativeruntime.fontdir", folder + "fonts/");
        System.setProperty("icu.data.path", folder + "icu/icudt68l.dat");
        System.setProperty("icu.locale.default", Locale.getDefault().toLanguageTag());
        System.setProperty("hyphen.data.dir", folder + "hyphen-data");
        System.load(folder + libraryName());
        Hyphenator.init();
    }
}
