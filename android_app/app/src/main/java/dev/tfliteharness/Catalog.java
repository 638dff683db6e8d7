package dev.tfliteharness;

import android.content.res.AssetManager;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What the APK carries, by its {@code catalog.json}: models with their variants, and photos. */
final class Catalog {
    private static final int SCHEMA = 1;
    private static final String FILE = "catalog.json";

    final List<Model> models;
    final List<Photo> photos;

    private Catalog(List<Model> models, List<Photo> photos) {
        this.models = models;
        this.photos = photos;
    }

    /** A model; {@code input} is null when it isn't fed photos, {@code labels} when it has none. */
    static final class Model {
        final String id;
        final String title;
        final String task;
        final ImageInput input;
        final String labels;
        final List<Variant> variants;

        Model(String id, String title, String task, ImageInput input, String labels, List<Variant> variants) {
            this.id = id;
            this.title = title;
            this.task = task;
            this.input = input;
            this.labels = labels;
            this.variants = variants;
        }

        @Override
        public String toString() {
            return title;
        }
    }

    /** One precision of a model. */
    static final class Variant {
        final String name;
        final String asset;

        Variant(String name, String asset) {
            this.name = name;
            this.asset = asset;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** The size of a model's picture, and what makes its numbers of pixels: (x - mean) / std, by channel. */
    static final class ImageInput {
        final int width;
        final int height;
        final float[] mean;
        final float[] std;

        ImageInput(int width, int height, float[] mean, float[] std) {
            this.width = width;
            this.height = height;
            this.mean = mean;
            this.std = std;
        }
    }

    /** A photo to try models on. */
    static final class Photo {
        final String name;
        final String asset;
        final String label;

        Photo(String name, String asset, String label) {
            this.name = name;
            this.asset = asset;
            this.label = label;
        }
    }

    static Catalog read(AssetManager assets) throws IOException {
        Fields fields = Fields.parse(text(assets, FILE), FILE);
        fields.requireSchema(SCHEMA);
        List<Model> models = new ArrayList<>();
        for (Fields model : fields.objects("models")) {
            models.add(model(model));
        }
        if (models.isEmpty()) {
            throw fields.bad("models", "must have at least one");
        }
        List<Photo> photos = new ArrayList<>();
        for (Fields photo : fields.objects("photos")) {
            photos.add(new Photo(photo.string("name"), photo.string("asset"), photo.text("label")));
        }
        return new Catalog(Collections.unmodifiableList(models), Collections.unmodifiableList(photos));
    }

    /** A model's labels, one a line, in the order of its scores. */
    static List<String> labels(AssetManager assets, Model model) throws IOException {
        String text = text(assets, model.labels);
        return Arrays.asList((text.endsWith("\n") ? text.substring(0, text.length() - 1) : text).split("\n", -1));
    }

    private static Model model(Fields fields) throws BadInputException {
        List<Variant> variants = new ArrayList<>();
        for (Fields variant : fields.objects("variants")) {
            variants.add(new Variant(variant.string("name"), variant.string("asset")));
        }
        if (variants.isEmpty()) {
            throw fields.bad("variants", "must have at least one");
        }
        return new Model(
                fields.string("id"),
                fields.string("title"),
                fields.string("task"),
                fields.has("input") ? imageInput(fields.object("input")) : null,
                fields.string("labels", null),
                variants);
    }

    private static ImageInput imageInput(Fields fields) throws BadInputException {
        float[] mean = fields.floats("mean");
        float[] std = fields.floats("std");
        if (mean.length != 3) {
            throw fields.bad("mean", "must have a number for each of red, green, blue");
        }
        if (std.length != 3) {
            throw fields.bad("std", "must have a number for each of red, green, blue");
        }
        return new ImageInput(fields.integer("width", 1), fields.integer("height", 1), mean, std);
    }

    private static String text(AssetManager assets, String asset) throws IOException {
        try (InputStream in = assets.open(asset)) {
            return new String(Bytes.all(in), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new BadInputException("the app has no " + asset + ": build it with models (harness build)", e);
        }
    }
}
