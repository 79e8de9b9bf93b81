#pragma once

#include <QFile>
#include <QString>

#include "cli_program.h"

/// Makes a model with no sense but the right shape, in a second or two, by the program itself. `recipe` is a file to write.
/// Another seed gives other weights.
inline CliResult makeTinyCliModel(const QString& recipe, const QString& model, int seed = 3)
{
    const QString text = QStringLiteral(
        R"({"corpus": "resources", "seed": %1, "tokens": 20000, "vocabulary": 400, "hidden_size": 32, "layers": 1, "heads": 2,
 "kv_heads": 1, "intermediate_size": 64, "context_length": 4096, "batch_tokens": 4096, "warmup_steps": 1, "save_steps": 100})")
                             .arg(seed);
    QFile file(recipe);
    if (!file.open(QIODevice::WriteOnly) || file.write(text.toUtf8()) < 0)
        return {};
    file.close();
    return runCli({"pretrain", "--spec", recipe, "--out", model, "--json"});
}
