#include "ui/models/choose_model.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>

namespace precedent::ui {

QString chooseModel(QWidget* parent)
{
    // A dialog for folders cannot choose files; one for files can choose what is in every model's folder.
    const QString file =
        QFileDialog::getOpenFileName(parent, QCoreApplication::translate("chooseModel", "A model: its config.json, or a .gguf file"), {},
            QCoreApplication::translate("chooseModel", "Models (config.json *.gguf)"));
    const QFileInfo info(file);
    return info.fileName() == QStringLiteral("config.json") ? info.absolutePath() : file;
}

} // namespace precedent::ui
