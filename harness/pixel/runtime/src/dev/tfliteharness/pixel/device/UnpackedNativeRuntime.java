package dev.tfliteharness.pixel.device;

import android.graphics.Typeface;
import android.os.Build;
import android.text.Hyphenator;
import java.nio.file.Path;
import java.util.Locale;
import javax.annotation.Priority;
import org.robolectric.nativeruntime.DefaultNativeRuntimeLoader;

/** The framework's native half (graphics, text, SQLite) from where it was unpacked once, not from a jar at each start. */
@Priority(1)
public final class UnpackedNativeRuntime extends DefaultNativeRuntimeLoader {
    private static final int ANDROID_15 = 35;

    @Override
    public synchronized void ensureLoaded() {
        if (loaded.getAndSet(true)) {
            return;
        }
        String folder = System.getProperty("pixel.nativeruntime") + "/";
        System.setProperty("robolectric.nativeruntime.fontdir", folder + "fonts/");
        System.setProperty("icu.locale.default", Locale.getDefault().toLanguageTag());
        if (Build.VERSION.SDK_INT < ANDROID_15) {
            System.setProperty("icu.data.path", folder + "icu/icudt68l.dat");
            System.setProperty("hyphen.data.dir", folder + "hyphen-data");
            System.load(folder + libraryName());
        } else {
            loadFromFramework(folder);
        }
        Hyphenator.init();
    }

    /** From Android 15 on the native half comes with the classes, and binds itself to those that it is told. */
    private void loadFromFramework(String folder) {
        Path framework = Path.of(System.getProperty("pixel.framework")).getParent();
        System.setProperty("icu.data.path", framework.resolve("icudt75l.dat").toString());
        System.setProperty("core_native_classes", String.join(",", getCoreClassNatives()));
        System.setProperty("graphics_native_classes", String.join(",", getGraphicsNatives()));
        System.setProperty("method_binding_format", "$$robo$$${method}$nativeBinding");
        System.load(framework.resolve(libraryName()).toString());
        invokeDeferredStaticInitializers();
        setNativeSystemProperty("ro.hyphen.data.dir", folder + "hyphen-data");
        Typeface.loadPreinstalledSystemFontMap();
    }
}
