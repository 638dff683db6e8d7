package dev.tfliteharness.pixel.launch;

import dev.tfliteharness.pixel.device.DeviceEnvironment;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import org.robolectric.android.AndroidSdkShadowMatcher;
import org.robolectric.annotation.ResourcesMode;
import org.robolectric.annotation.SQLiteMode;
import org.robolectric.config.AndroidConfigurer;
import org.robolectric.interceptors.AndroidInterceptors;
import org.robolectric.internal.AndroidSandbox;
import org.robolectric.internal.AndroidSandbox.TestEnvironmentSpec;
import org.robolectric.internal.SandboxManager.SandboxBuilder;
import org.robolectric.internal.bytecode.ClassHandlerBuilder;
import org.robolectric.internal.bytecode.InstrumentationConfiguration;
import org.robolectric.internal.bytecode.Interceptor;
import org.robolectric.internal.bytecode.Interceptors;
import org.robolectric.internal.bytecode.ShadowMap;
import org.robolectric.internal.bytecode.ShadowProviders;
import org.robolectric.manifest.AndroidManifest;
import org.robolectric.pluginapi.Sdk;
import org.robolectric.pluginapi.SdkProvider;
import org.robolectric.util.inject.Injector;

/** Brings up the Android framework for one package, in a class loader of its own. */
final class AndroidSandboxes {
    private static final String DEVICE_PACKAGE = "dev.tfliteharness.pixel.device.";

    /** Parts of the framework that answer for this device in place of Robolectric's test doubles. */
    private static final List<String> DEVICE_SHADOWS = List.of(
            "ActivityShadow",
            "ActivityThreadShadow",
            "ClockShadow",
            "ContextShadow",
            "DebugShadow",
            "EnvironmentShadow",
            "EnvironmentShadow$UserEnvironmentShadow",
            "HandlerShadow",
            "InstrumentationShadow",
            "LoadedApkShadow",
            "LogShadow",
            "MessageQueueShadow",
            "PowerManagerShadow",
            "ProcessShadow",
            "ServiceShadow",
            "SystemPropertiesShadow",
            "ToastShadow",
            "VsyncShadow");

    private AndroidSandboxes() {}

    static Started start(Settings settings) throws Exception {
        Injector injector = new Injector.Builder(AndroidSandboxes.class.getClassLoader())
                .bind(Properties.class, System.getProperties())
                .bind(SdkProvider.class, FrameworkSdkProvider.class)
                .bind(TestEnvironmentSpec.class, new TestEnvironmentSpec(DeviceEnvironment.class))
                .build();
        Sdk sdk = new FrameworkSdk();
        ShadowProviders providers = injector.getInstance(ShadowProviders.class);
        Interceptors interceptors = realTimeInterceptors();
        InstrumentationConfiguration.Builder classes = new InstrumentationConfiguration.Builder();
        injector.getInstance(AndroidConfigurer.class).configure(classes, interceptors);
        classes.doNotAcquirePackage("org.junit.")
                .doNotAcquirePackage("org.hamcrest.")
                .doNotAcquirePackage("dev.tfliteharness.pixel.launch.");
        AndroidSandbox sandbox = injector.getInstance(SandboxBuilder.class)
                .build(classes.build(), sdk, sdk, ResourcesMode.Mode.BINARY, SQLiteMode.Mode.NATIVE);
        ClassLoader loader = sandbox.getRobolectricClassLoader();
        ShadowMap shadows = withDeviceShadows(providers.getBaseShadowMap(), loader);
        sandbox.replaceShadowMap(shadows);
        sandbox.configure(
                injector.getInstance(ClassHandlerBuilder.class)
                        .build(shadows, new AndroidSdkShadowMatcher(sdk.getApiLevel()), interceptors),
                interceptors);
        Path apk = settings.path("apk");
        AndroidManifest manifest = new AndroidManifest(null, null, null, List.of(), settings.text("package"), apk);
        Started started = new Started(sandbox, loader);
        started.onMainThread(() -> {
            sandbox.getTestEnvironment()
                    .setUpApplicationState(settings.text("package"), new RunConfiguration(settings.qualifiers()), manifest);
            return null;
        });
        return started;
    }

    private static Interceptors realTimeInterceptors() {
        List<Interceptor> all = new ArrayList<>(AndroidInterceptors.all());
        all.removeIf(each -> each instanceof AndroidInterceptors.SystemTimeInterceptor);
        all.add(new RealTimeInterceptor());
        return new Interceptors(all);
    }

    private static ShadowMap withDeviceShadows(ShadowMap base, ClassLoader loader) throws ClassNotFoundException {
        ShadowMap.Builder builder = base.newBuilder();
        for (String name : DEVICE_SHADOWS) {
            builder.addShadowClasses(loader.loadClass(DEVICE_PACKAGE + name));
        }
        return builder.build();
    }

    /** A framework that is up, with its main thread. */
    record Started(AndroidSandbox sandbox, ClassLoader loader) {
        <T> T onMainThread(Callable<T> work) throws Exception {
            return sandbox.runOnMainThread(() -> {
                Thread.currentThread().setContextClassLoader(loader);
                return work.call();
            });
        }

        /** Hands over to {@code main}'s {@code serve} inside the sandbox; returns the status to exit with. */
        int serve(String main, PrintStream events, List<String> facts) throws Throwable {
            Thread.currentThread().setContextClassLoader(loader);
            try {
                return (int) loader.loadClass(main)
                        .getMethod("serve", PrintStream.class, List.class)
                        .invoke(null, events, facts);
            } catch (InvocationTargetException wrapped) {
                throw wrapped.getCause();
            }
        }
    }
}
