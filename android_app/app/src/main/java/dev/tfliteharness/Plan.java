package dev.tfliteharness;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What the host asks for: models, their inputs, and the cells in which each model is to be run. */
final class Plan {
    static final int SCHEMA = 1;

    final String runId;
    final List<Model> models;

    private Plan(String runId, List<Model> models) {
        this.runId = runId;
        this.models = models;
    }

    /** One model of the APK with the inputs and the cells that it is run with. */
    static final class Model {
        final String name;
        final String asset;
        final String sha256;
        final List<Input> inputs;
        final List<Cell> cells;

        Model(String name, String asset, String sha256, List<Input> inputs, List<Cell> cells) {
            this.name = name;
            this.asset = asset;
            this.sha256 = sha256;
            this.inputs = inputs;
            this.cells = cells;
        }
    }

    /** One input of a model: a file for each of its input tensors, in the model's order. */
    static final class Input {
        final String name;
        final List<TensorFile> tensors;

        Input(String name, List<TensorFile> tensors) {
            this.name = name;
            this.tensors = tensors;
        }
    }

    /** The raw bytes of one tensor: native byte order, row-major. */
    static final class TensorFile {
        final File file;
        final String sha256;

        TensorFile(File file, String sha256) {
            this.file = file;
            this.sha256 = sha256;
        }
    }

    /** One backend's turn with a model: how often, and its place in the run's list of cells. */
    static final class Cell {
        final String id;
        final int index;
        final Backend.Choice backend;
        final int warmup;
        final int rounds;

        Cell(String id, int index, Backend.Choice backend, int warmup, int rounds) {
            this.id = id;
            this.index = index;
            this.backend = backend;
            this.warmup = warmup;
            this.rounds = rounds;
        }
    }

    static Plan read(File file) throws IOException {
        Fields fields = Fields.parse(Bytes.text(file), file.getPath());
        fields.requireSchema(SCHEMA);
        List<Model> models = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (Fields model : fields.objects("models")) {
            models.add(model(model, file.getParentFile(), ids));
        }
        if (models.isEmpty()) {
            throw fields.bad("models", "must have at least one");
        }
        return new Plan(fields.name("run_id"), Collections.unmodifiableList(models));
    }

    /** The ids of all cells, in the order in which records count them. */
    List<String> cellIds() {
        List<String> ids = new ArrayList<>();
        for (Model model : models) {
            for (Cell cell : model.cells) {
                ids.add(cell.id);
            }
        }
        return ids;
    }

    private static Model model(Fields fields, File folder, Set<String> ids) throws BadInputException {
        List<Input> inputs = new ArrayList<>();
        for (Fields input : fields.objects("inputs")) {
            inputs.add(input(input, folder));
        }
        if (inputs.isEmpty()) {
            throw fields.bad("inputs", "must have at least one");
        }
        List<Cell> cells = new ArrayList<>();
        for (Fields cell : fields.objects("cells")) {
            String id = cell.string("id");
            if (!ids.add(id)) {
                throw cell.bad("id", "must be there once");
            }
            cells.add(
                    new Cell(
                            id,
                            ids.size() - 1,
                            Backend.Choice.read(cell),
                            cell.integer("warmup", 0),
                            cell.integer("rounds", 0)));
        }
        String name = fields.name("model") + "/" + fields.name("variant");
        return new Model(name, fields.string("asset"), fields.string("sha256"), inputs, cells);
    }

    private static Input input(Fields fields, File folder) throws BadInputException {
        List<TensorFile> tensors = new ArrayList<>();
        for (Fields tensor : fields.objects("tensors")) {
            File file = new File(tensor.string("file"));
            tensors.add(
                    new TensorFile(
                            file.isAbsolute() ? file : new File(folder, file.getPath()), tensor.string("sha256")));
        }
        return new Input(fields.name("name"), tensors);
    }
}
