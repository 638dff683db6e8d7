package dev.tfliteharness.pixel.device;

import android.app.Activity;
import android.app.Application;
import android.app.Instrumentation;
import android.app.Instrumentation.ActivityResult;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.os.Handler;
import android.os.IBinder;
import android.os.Looper;
import android.os.UserHandle;
import dev.tfliteharness.pixel.app.AppMain;
import dev.tfliteharness.pixel.app.Launches;
import dev.tfliteharness.pixel.app.Providers;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.shadows.ShadowInstrumentation;
import org.robolectric.util.ReflectionHelpers.ClassParameter;

/** What an instrumentation starts goes onto the app's own stack of activities. */
@Implements(className = "android.app.Instrumentation", isInAndroidSdk = false)
public class InstrumentationShadow extends ShadowInstrumentation {
    @RealObject private Instrumentation instrumentation;

    @Implementation
    protected Activity startActivitySync(Intent intent) {
        return Launches.startSync(intent);
    }

    @Implementation
    @Override
    protected Activity startActivitySync(Intent intent, Bundle options) {
        return Launches.startSync(intent);
    }

    @Implementation
    @Override
    protected ActivityResult execStartActivity(
            Context who, IBinder thread, IBinder token, Activity target, Intent intent, int request, Bundle options) {
        return Launches.start(target, null, request, intent);
    }

    @Implementation
    @Override
    protected ActivityResult execStartActivity(
            Context who, IBinder thread, IBinder token, String target, Intent intent, int request, Bundle options) {
        return Launches.start(who instanceof Activity from ? from : null, target, request, intent);
    }

    @Implementation
    protected ActivityResult execStartActivity(
            Context who,
            IBinder thread,
            IBinder token,
            String target,
            Intent intent,
            int request,
            Bundle options,
            UserHandle user) {
        return Launches.start(who instanceof Activity from ? from : null, target, request, intent);
    }

    /** Content providers come before the application's own onCreate (ActivityThread.handleBindApplication). */
    @Implementation
    protected void callApplicationOnCreate(Application app) {
        AppMain.begin(app);
        try {
            Providers.install(app);
            Shadow.directlyOn(
                    instrumentation,
                    Instrumentation.class,
                    "callApplicationOnCreate",
                    ClassParameter.from(Application.class, app));
        } catch (RuntimeException thrown) { // the launcher would take it for its own
            Thread main = Thread.currentThread();
            main.getUncaughtExceptionHandler().uncaughtException(main, thrown);
        }
    }

    @Implementation
    protected void runOnMainSync(Runnable work) {
        if (Looper.myLooper() == Looper.getMainLooper()) {
            throw new RuntimeException("This method can not be called from the main application thread");
        }
        FutureTask<Void> task = new FutureTask<>(work, null);
        new Handler(Looper.getMainLooper()).post(task);
        try {
            task.get();
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException thrown) {
            throw new RuntimeException(thrown.getCause());
        }
    }
}
