package dev.tfliteharness;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;
import android.widget.Spinner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The screen: choose a model, a variant, a backend and a photo, run, and see labels and times.
 *
 * <p>The choices can be made by the intent's extras {@code model}, {@code variant}, {@code backend}, {@code photo};
 * with {@code autorun} it runs at once, and {@link #reportFullyDrawn} says when the outcome is shown.
 */
public final class MainActivity extends Activity {
    private static final String MODEL = "model";
    private static final String VARIANT = "variant";
    private static final String BACKEND = "backend";
    private static final String PHOTO = "photo";
    private static final String AUTORUN = "autorun";

    private Catalog catalog;
    private Trials trials;
    private Chooser<Catalog.Model> models;
    private Chooser<Catalog.Variant> variants;
    private Chooser<BackendPreset> backends;
    private PhotoStrip photos;
    private OutcomeView outcome;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        setContentView(R.layout.main);
        trials = (Trials) getLastNonConfigurationInstance();
        if (trials == null) {
            trials = new Trials(getAssets());
        }
        outcome = new OutcomeView(this);
        try {
            catalog = Catalog.read(getAssets());
            photos = new PhotoStrip(this, catalog.photos);
        } catch (IOException e) {
            catalog = null;
            outcome.disable();
            trials.fail(Failure.text(e));
            outcome.show(trials);
            return;
        }
        models =
                new Chooser<>(
                        (Spinner) findViewById(R.id.model), () -> offerVariants(variants.chosen().name));
        variants = new Chooser<>((Spinner) findViewById(R.id.variant), () -> {});
        backends = new Chooser<>((Spinner) findViewById(R.id.backend), () -> {});
        models.offer(catalog.models, titles(catalog.models));
        offerVariants(null);
        offerBackends();
        findViewById(R.id.run).setOnClickListener(view -> run());
        boolean chosen = choose(state == null ? getIntent().getExtras() : state);
        outcome.show(trials);
        trials.listen(this::showOutcome);
        if (state == null && chosen && asksToRun(getIntent())) {
            run();
        }
    }

    @Override
    protected void onNewIntent(Intent intent) {
        super.onNewIntent(intent);
        setIntent(intent);
        if (catalog != null && choose(intent.getExtras()) && asksToRun(intent) && !trials.running()) {
            run();
        }
    }

    @Override
    protected void onSaveInstanceState(Bundle state) {
        super.onSaveInstanceState(state);
        if (catalog != null) {
            state.putString(MODEL, models.chosen().id);
            state.putString(VARIANT, variants.chosen().name);
            state.putString(BACKEND, backends.chosen().id);
            if (photos.chosen() != null) {
                state.putString(PHOTO, photos.chosen().name);
            }
        }
    }

    @Override
    public Object onRetainNonConfigurationInstance() {
        return trials;
    }

    @Override
    protected void onDestroy() {
        super.onDestroy();
        trials.listen(null);
        if (!isChangingConfigurations()) {
            trials.shutDown();
        }
    }

    private void run() {
        if (photos.chosen() == null) {
            trials.fail(getString(R.string.no_photos));
            return;
        }
        trials.start(new Trial(models.chosen(), variants.chosen(), backends.chosen(), photos.chosen()));
    }

    private void showOutcome() {
        outcome.show(trials);
        if (!trials.running()) {
            reportFullyDrawn();
        }
    }

    /** Offers the chosen model's variants, and stays with the one that was chosen where it is among them. */
    private void offerVariants(String stayWith) {
        List<Catalog.Variant> has = models.chosen().variants;
        variants.offer(has, titles(has));
        for (Catalog.Variant variant : has) {
            if (variant.name.equals(stayWith)) {
                variants.choose(variant);
            }
        }
    }

    private void offerBackends() {
        List<String> titles = new ArrayList<>();
        for (BackendPreset preset : BackendPreset.values()) {
            titles.add(getString(preset.title));
        }
        backends.offer(Arrays.asList(BackendPreset.values()), titles);
    }

    /** Makes the choices that extras or a saved state ask for; shows what can't be chosen, and answers false then. */
    private boolean choose(Bundle wanted) {
        if (wanted == null) {
            return true;
        }
        try {
            String model = wanted.getString(MODEL);
            if (model != null) {
                models.choose(named(MODEL, model, catalog.models, value -> value.id));
                offerVariants(null);
            }
            String variant = wanted.getString(VARIANT);
            if (variant != null) {
                variants.choose(named(VARIANT, variant, models.chosen().variants, value -> value.name));
            }
            String backend = wanted.getString(BACKEND);
            if (backend != null) {
                backends.choose(named(BACKEND, backend, Arrays.asList(BackendPreset.values()), value -> value.id));
            }
            String photo = wanted.getString(PHOTO);
            if (photo != null) {
                photos.choose(named(PHOTO, photo, catalog.photos, value -> value.name));
            }
            return true;
        } catch (BadInputException e) {
            trials.fail(e.getMessage());
            return false;
        }
    }

    private static boolean asksToRun(Intent intent) {
        // As a switch (am start --ez) or as a text (-e): asking a Bundle for the wrong type fills the log.
        Bundle extras = intent.getExtras();
        return extras != null && "true".equals(String.valueOf(extras.get(AUTORUN)));
    }

    private static List<String> titles(List<?> values) {
        List<String> titles = new ArrayList<>();
        for (Object value : values) {
            titles.add(value.toString());
        }
        return titles;
    }

    /** How a value is called. */
    private interface Name<T> {
        String of(T value);
    }

    private static <T> T named(String kind, String wanted, List<T> values, Name<T> name) throws BadInputException {
        List<String> names = new ArrayList<>();
        for (T value : values) {
            if (name.of(value).equals(wanted)) {
                return value;
            }
            names.add(name.of(value));
        }
        throw new BadInputException("there is no " + kind + " " + wanted + " in this app; it has " + names);
    }
}
