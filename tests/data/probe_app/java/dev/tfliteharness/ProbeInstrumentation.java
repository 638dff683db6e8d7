package dev.tfliteharness;

import android.app.ActivityManager;
import android.app.Instrumentation;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.res.AssetFileDescriptor;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.os.BatteryManager;
import android.os.Build;
import android.os.Bundle;
import android.os.Debug;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.PowerManager;
import android.os.Process;
import android.os.SystemClock;
import android.util.DisplayMetrics;
import android.util.Log;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.CountDownLatch;

/** Reports what an app finds on the device, or ends the process in the way that it is told to. */
public final class ProbeInstrumentation extends Instrumentation {
    private Bundle arguments;

    static native void probe(int what);

    @Override
    public void onCreate(Bundle given) {
        super.onCreate(given);
        arguments = given;
        if ("crash main".equals(given.getString("do"))) {
            throw new IllegalStateException("told to, in onCreate");
        }
        start();
    }

    @Override
    public void onStart() {
        String what = arguments.getString("do", "facts");
        switch (what) {
            case "crash":
                throw new IllegalStateException("told to", new IOException("the cause"));
            case "exit":
                System.exit(3);
                return;
            case "native":
                System.loadLibrary("probe");
                for (int line = 0; line < 200; line++) {
                    Log.i("probe", "java " + line);
                    probe(line);
                }
                finish(-1, new Bundle());
                return;
            case "watch":
                watchHardware();
                finish(-1, new Bundle());
                return;
            case "probe":
                System.loadLibrary("probe");
                probe(Integer.parseInt(arguments.getString("number")));
                finish(-1, new Bundle());
                return;
            case "load":
                finish(-1, loaded(arguments.getString("libraries")));
                return;
            default:
                Bundle progress = new Bundle();
                progress.putString("argument", arguments.getString("word"));
                sendStatus(1, progress);
                finish(-1, facts());
        }
    }

    /** Logs what the device tells of its heat and its battery from now on. */
    private void watchHardware() {
        PowerManager power = (PowerManager) getTargetContext().getSystemService(Context.POWER_SERVICE);
        power.addThermalStatusListener(status -> Log.i("probe", "thermal " + status + " on " + Thread.currentThread().getName()));
        power.addThermalStatusListener(Runnable::run, status -> Log.i("probe", "thermal " + status + " at once, headroom "
                + power.getThermalHeadroom(0)));
        IntentFilter filter = new IntentFilter(Intent.ACTION_BATTERY_CHANGED);
        filter.addAction(Intent.ACTION_POWER_CONNECTED);
        filter.addAction(Intent.ACTION_POWER_DISCONNECTED);
        filter.addAction(Intent.ACTION_BATTERY_LOW);
        filter.addAction(Intent.ACTION_BATTERY_OKAY);
        BroadcastReceiver receiver = new BroadcastReceiver() {
            @Override
            public void onReceive(Context context, Intent intent) {
                String action = intent.getAction().substring(intent.getAction().lastIndexOf('.') + 1);
                int level = intent.getIntExtra(BatteryManager.EXTRA_LEVEL, -1);
                BatteryManager battery = (BatteryManager) context.getSystemService(Context.BATTERY_SERVICE);
                boolean same = level < 0 || level == battery.getIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY);
                Log.i("probe", action + (level < 0 ? "" : " " + level + (same ? "" : " and another")));
            }
        };
        getTargetContext().registerReceiver(receiver, filter);
    }

    /** What each of the libraries is refused with, or nothing. */
    private static Bundle loaded(String libraries) {
        Bundle told = new Bundle();
        for (String library : libraries.split("[|]")) {
            try {
                if (library.startsWith("/")) {
                    System.load(library);
                } else {
                    Runtime.getRuntime().loadLibrary(library);
                }
                told.putString(library, "");
            } catch (UnsatisfiedLinkError refused) {
                told.putString(library, refused.getMessage());
            }
        }
        return told;
    }

    private Bundle facts() {
        Context context = getTargetContext();
        Bundle facts = new Bundle();
        facts.putString("files", context.getFilesDir().toString());
        facts.putString("card", context.getExternalFilesDir(null).toString());
        facts.putString("make", Build.MANUFACTURER + "|" + Build.MODEL + "|" + Build.DEVICE + "|" + Build.HARDWARE);
        facts.putString("fingerprint", Build.FINGERPRINT);
        facts.putString("abi", Build.SUPPORTED_ABIS[0]);
        facts.putInt("sdk", Build.VERSION.SDK_INT);
        facts.putInt("pid", Process.myPid());
        facts.putInt("uid", Process.myUid());
        facts.putLong("pss", Debug.getPss());
        PowerManager power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
        facts.putInt("thermal", power.getCurrentThermalStatus());
        Intent battery = context.registerReceiver(null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
        ActivityManager.MemoryInfo memory = new ActivityManager.MemoryInfo();
        ((ActivityManager) context.getSystemService(Context.ACTIVITY_SERVICE)).getMemoryInfo(memory);
        facts.putLong("memory", memory.totalMem);
        facts.putInt("battery", battery.getIntExtra(BatteryManager.EXTRA_TEMPERATURE, -1));
        DisplayMetrics screen = context.getResources().getDisplayMetrics();
        facts.putString("screen", screen.widthPixels + "x" + screen.heightPixels + "@" + screen.densityDpi);
        facts.putString("label", context.getPackageManager().getApplicationLabel(context.getApplicationInfo()).toString());
        facts.putLong("clocks_apart_us", Math.abs(System.nanoTime() - SystemClock.elapsedRealtimeNanos()) / 1000);
        long before = System.nanoTime();
        SystemClock.sleep(150);
        facts.putLong("slept_ms", (System.nanoTime() - before) / 1_000_000);
        facts.putLong("delayed_ms", delayed(150));
        try {
            facts.putString("asset", mapped(context, "models/small/fp32.tflite"));
            try (InputStream photo = context.getAssets().open("photos/gradient.png")) {
                Bitmap image = BitmapFactory.decodeStream(photo);
                facts.putString("photo", image.getWidth() + "x" + image.getHeight() + " " + Integer.toHexString(image.getPixel(4, 3)));
            }
        } catch (IOException problem) {
            throw new IllegalStateException(problem);
        }
        return facts;
    }

    private static long delayed(long milliseconds) {
        HandlerThread thread = new HandlerThread("delayed");
        thread.start();
        CountDownLatch done = new CountDownLatch(1);
        long before = System.nanoTime();
        new Handler(thread.getLooper()).postDelayed(done::countDown, milliseconds);
        try {
            done.await();
        } catch (InterruptedException problem) {
            throw new IllegalStateException(problem);
        }
        thread.quit();
        return (System.nanoTime() - before) / 1_000_000;
    }

    private static String mapped(Context context, String name) throws IOException {
        try (AssetFileDescriptor asset = context.getAssets().openFd(name);
                FileInputStream stream = new FileInputStream(asset.getFileDescriptor())) {
            MappedByteBuffer bytes =
                    stream.getChannel().map(FileChannel.MapMode.READ_ONLY, asset.getStartOffset(), asset.getLength());
            byte[] magic = new byte[4];
            bytes.position(4);
            bytes.get(magic);
            return new String(magic) + " " + asset.getLength();
        }
    }
}
