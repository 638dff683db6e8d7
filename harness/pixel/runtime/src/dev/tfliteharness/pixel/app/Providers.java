package dev.tfliteharness.pixel.app;

import android.app.Application;
import android.content.ContentProvider;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.content.pm.ProviderInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.robolectric.Robolectric;

/** The app's content providers, which are there before anything else of it. */
public final class Providers {
    private Providers() {}

    /** Creates those that the manifest declares, in the order that it asks for. */
    public static void install(Application app) {
        for (ProviderInfo info : declared(app)) {
            try {
                Class<? extends ContentProvider> type =
                        app.getClassLoader().loadClass(info.name).asSubclass(ContentProvider.class);
                Robolectric.buildContentProvider(type).create(info);
            } catch (ReflectiveOperationException | RuntimeException thrown) {
                throw new RuntimeException("Unable to get provider " + info.name + ": " + thrown, thrown);
            }
        }
    }

    private static List<ProviderInfo> declared(Application app) {
        try {
            PackageInfo info = app.getPackageManager()
                    .getPackageInfo(app.getPackageName(), PackageManager.GET_PROVIDERS | PackageManager.GET_META_DATA);
            List<ProviderInfo> providers = info.providers == null ? new ArrayList<>() : new ArrayList<>(List.of(info.providers));
            providers.removeIf(each -> !each.enabled);
            providers.sort(Comparator.comparingInt((ProviderInfo each) -> each.initOrder).reversed());
            return providers;
        } catch (PackageManager.NameNotFoundException problem) {
            throw new IllegalStateException(problem);
        }
    }
}
