#include "ui/models/export_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSettings>
#include <QStandardPaths>
#include <QVBoxLayout>

#include "ui/models/checkpoint_table_model.h"
#include "ui/shell/card.h"
#include "ui/shell/icon_label.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

using core::ExportFormat;

constexpr int kWidth = 560;
constexpr int kUnderRadio = 24; ///< where a radio button's words begin
constexpr double kQ8Bytes = 34.0 / 32; ///< a weight: 32 of them share a scale of two bytes
constexpr const char* kFolderSetting = "models/exportFolder";

QString titleOf(ExportFormat format)
{
    switch (format) {
    case ExportFormat::huggingFace:
        return ExportDialog::tr("Hugging Face folder");
    case ExportFormat::gguf:
        return ExportDialog::tr("GGUF file");
    case ExportFormat::peft:
        return ExportDialog::tr("Adapter as a PEFT folder");
    case ExportFormat::ggufLora:
        break;
    }
    return ExportDialog::tr("Adapter as a GGUF file");
}

QString useOf(ExportFormat format, bool isAdapter)
{
    switch (format) {
    case ExportFormat::huggingFace:
        return isAdapter ? ExportDialog::tr("For transformers and vLLM: the base with the adapter merged in, as safetensors")
                         : ExportDialog::tr("For transformers and vLLM: all weights as safetensors");
    case ExportFormat::gguf:
        return isAdapter ? ExportDialog::tr("For llama.cpp and Ollama: the base with the adapter merged in, one file")
                         : ExportDialog::tr("For llama.cpp and Ollama: one file");
    case ExportFormat::peft:
        return ExportDialog::tr("For PEFT and vLLM, beside the same base");
    case ExportFormat::ggufLora:
        break;
    }
    return ExportDialog::tr("For llama.cpp, beside the same base as GGUF");
}

QString typeText(const QString& type)
{
    if (type == QLatin1String("bf16"))
        return ExportDialog::tr("bf16: bfloat16, 2 bytes a weight");
    if (type == QLatin1String("f32"))
        return ExportDialog::tr("f32: float32, 4 bytes a weight");
    if (type == QLatin1String("f16"))
        return ExportDialog::tr("f16: float16, 2 bytes a weight");
    return ExportDialog::tr("q8_0: 8 bits and a shared scale, about 1 byte a weight");
}

double bytesPerWeight(const std::string& type) { return type == "f32" ? 4 : type == "q8_0" ? kQ8Bytes : 2; }

/// A name as a file's: nothing that separates folders or hides the file.
QString fileStem(const QString& title)
{
    QString stem = title.section(QLatin1Char('/'), -1);
    for (QChar& c : stem) {
        if (!c.isLetterOrNumber() && !QStringLiteral("._-").contains(c))
            c = QLatin1Char('-');
    }
    while (stem.startsWith(QLatin1Char('.')) || stem.startsWith(QLatin1Char('-')))
        stem.remove(0, 1);
    if (stem.endsWith(QLatin1String(".gguf"), Qt::CaseInsensitive))
        stem.chop(5);
    return stem.isEmpty() ? QStringLiteral("model") : stem;
}

QString lastFolder()
{
    const QString kept = QSettings().value(QString::fromLatin1(kFolderSetting)).toString();
    if (!kept.isEmpty() && QFileInfo(kept).isDir())
        return kept;
    const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    return QFileInfo(documents).isDir() ? documents : QDir::homePath();
}

} // namespace

ExportDialog::ExportDialog(const ExportSubject& subject, QWidget* parent)
    : QDialog(parent)
    , m_subject(subject)
    , m_type(new QComboBox(this))
    , m_size(new QuietLabel({}, bodyFont(), this))
    , m_base(new QLineEdit(this))
    , m_baseLabel(new QLabel(tr("Base model's name"), this))
    , m_place(new QLineEdit(this))
    , m_problem(new QLabel(this))
    , m_problemRow(new QWidget(this))
{
    setObjectName(QStringLiteral("exportDialog"));
    setWindowTitle(tr("Export %1").arg(subject.model.title));
    setMinimumWidth(kWidth);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_start = buttons->addButton(tr("Export"), QDialogButtonBox::AcceptRole);
    m_start->setObjectName(QStringLiteral("startExportButton"));
    m_start->setProperty("primary", true);
    m_start->setDefault(true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    addForms(*layout);
    layout->addWidget(makeFields());
    layout->addStretch();
    layout->addWidget(buttons);
    connect(m_type, &QComboBox::currentIndexChanged, this, &ExportDialog::showSize);
    connect(m_type, &QComboBox::activated, this, [this] { m_chosenType = m_type->currentData().toString(); });
    connect(m_place, &QLineEdit::textChanged, this, &ExportDialog::check);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    takeForm();
    for (QRadioButton* radio : m_forms) {
        if (radio != nullptr && radio->isChecked())
            radio->setFocus();
    }
}

void ExportDialog::addForms(QVBoxLayout& column)
{
    auto* forms = new QVBoxLayout;
    forms->setSpacing(8);
    // An adapter is most often wanted alone: it is small, and whoever takes it has the base.
    const ExportFormat first = m_subject.isAdapter ? ExportFormat::peft : ExportFormat::huggingFace;
    for (const workspace::ExportForm& form : workspace::exportForms()) {
        if (form.adapterAlone && !m_subject.isAdapter) {
            m_forms.push_back(nullptr);
            continue;
        }
        auto* radio = new QRadioButton(titleOf(form.format), this);
        radio->setObjectName(QStringLiteral("exportForm_") + QString::fromStdString(form.name));
        radio->setAccessibleDescription(useOf(form.format, m_subject.isAdapter));
        radio->setChecked(form.format == first);
        auto* use = new QuietLabel(useOf(form.format, m_subject.isAdapter), secondaryFont(), this);
        use->setContentsMargins(kUnderRadio, 0, 0, 0);
        auto* lines = new QVBoxLayout;
        lines->setSpacing(0);
        lines->addWidget(radio);
        lines->addWidget(use);
        forms->addLayout(lines);
        m_forms.push_back(radio);
        connect(radio, &QRadioButton::toggled, this, [this](bool on) {
            if (on)
                takeForm();
        });
    }
    column.addLayout(forms);
}

QWidget* ExportDialog::makeFields()
{
    m_type->setObjectName(QStringLiteral("exportTypeCombo"));
    m_size->setObjectName(QStringLiteral("exportSizeLabel"));
    m_size->setMinimumWidth(120);
    m_base->setObjectName(QStringLiteral("exportBaseEdit"));
    m_base->setPlaceholderText(tr("as the adapter says"));
    m_base->setToolTip(tr("What the adapter's config names as its base, as the Hub calls it: google/gemma-3-270m-it"));
    m_place->setObjectName(QStringLiteral("exportPlaceEdit"));
    m_problem->setObjectName(QStringLiteral("exportProblemLabel"));
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    auto* choose = new QPushButton(themedIcon(QStringLiteral("folder"), Role::text), tr("Choose"), this);
    choose->setObjectName(QStringLiteral("exportChooseButton"));
    choose->setAccessibleName(tr("Choose where to write it"));
    choose->setAutoDefault(false);
    connect(choose, &QPushButton::clicked, this, &ExportDialog::choosePlace);
    auto* fields = new QWidget(this);
    auto* type = new QHBoxLayout;
    type->setSpacing(8);
    type->addWidget(m_type, 1);
    type->addWidget(m_size);
    auto* place = new QHBoxLayout;
    place->setSpacing(8);
    place->addWidget(m_place, 1);
    place->addWidget(choose);
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(16);
    form->setVerticalSpacing(8);
    form->addRow(tr("Type of the weights"), type);
    form->addRow(m_baseLabel, m_base);
    form->addRow(tr("Write to"), place);
    m_type->setAccessibleName(tr("Type of the weights"));
    m_base->setAccessibleName(m_baseLabel->text());
    m_place->setAccessibleName(tr("Write to"));
    auto* problem = new QHBoxLayout(m_problemRow);
    problem->setContentsMargins(0, 0, 0, 0);
    problem->setSpacing(8);
    problem->addWidget(new IconLabel(QStringLiteral("error"), Role::harm, m_problemRow), 0, Qt::AlignTop);
    problem->addWidget(m_problem, 1);
    m_after = new QuietLabel(
        tr("After writing, the export is read again and its logits are compared with this model's. A provenance file says what was made "
           "of what."),
        secondaryFont(), this);
    auto* column = new QVBoxLayout(fields);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(16);
    column->addLayout(form);
    column->addWidget(m_problemRow);
    column->addWidget(m_after);
    return fields;
}

const workspace::ExportForm& ExportDialog::form() const
{
    for (std::size_t i = 0; i < m_forms.size(); ++i) {
        if (m_forms[i] != nullptr && m_forms[i]->isChecked())
            return workspace::exportForms()[i];
    }
    return workspace::exportForms().front();
}

void ExportDialog::takeForm()
{
    const workspace::ExportForm& now = form();
    m_type->clear();
    for (const std::string& type : now.types)
        m_type->addItem(typeText(QString::fromStdString(type)), QString::fromStdString(type));
    const QString own = m_subject.storedAsFloat32 ? QStringLiteral("f32") : QStringLiteral("bf16");
    for (const QString& wanted : {own, m_chosenType}) {
        if (const int at = m_type->findData(wanted); at >= 0)
            m_type->setCurrentIndex(at);
    }
    m_type->setEnabled(m_type->count() > 1);
    m_base->setVisible(m_subject.isAdapter);
    m_baseLabel->setVisible(m_subject.isAdapter);
    m_base->setEnabled(now.format == ExportFormat::peft); // no other form has room for it
    m_baseLabel->setEnabled(m_base->isEnabled());
    if (m_place->text() == m_suggested) {
        m_suggested = suggestion();
        m_place->setText(m_suggested);
    }
    showSize();
    check();
}

void ExportDialog::showSize()
{
    double bytes = 0;
    if (form().adapterAlone)
        bytes = static_cast<double>(m_subject.adapterBytes);
    else
        bytes = static_cast<double>(m_subject.parameters) * bytesPerWeight(m_type->currentData().toString().toStdString());
    m_size->setText(bytes > 0 ? tr("about %1").arg(sizeText(static_cast<qint64>(bytes))) : QString());
}

QString ExportDialog::suggestion() const
{
    const QDir folder(lastFolder());
    const QString stem = fileStem(m_subject.model.title) + (form().adapterAlone ? QStringLiteral("-adapter") : QString());
    const QString ending = form().isFolder ? QString() : QStringLiteral(".gguf");
    QString place = folder.filePath(stem + ending);
    for (int n = 2; !workspace::checkExportPlace(place.toStdString()).ok(); ++n)
        place = folder.filePath(QStringLiteral("%1-%2%3").arg(stem).arg(n).arg(ending));
    return QDir::toNativeSeparators(place);
}

QString ExportDialog::destination() const
{
    const QString written = m_place->text().trimmed();
    if (written.isEmpty())
        return {};
    if (written.startsWith(QLatin1String("~/")))
        return QDir::home().filePath(written.mid(2));
    return QDir(lastFolder()).absoluteFilePath(written);
}

void ExportDialog::choosePlace()
{
    const QString title = form().isFolder ? tr("A folder that is not there yet") : tr("A file that is not there yet");
    const QString filter = form().isFolder ? QString() : tr("GGUF files (*.gguf)");
    // That a place is taken is told in the dialog: nothing is replaced, so there is nothing to confirm.
    const QString place = QFileDialog::getSaveFileName(this, title, destination(), filter, nullptr, QFileDialog::DontConfirmOverwrite);
    if (!place.isEmpty())
        m_place->setText(QDir::toNativeSeparators(place));
}

void ExportDialog::check()
{
    const QString place = destination();
    const Status free = workspace::checkExportPlace(place.toStdString());
    QString problem;
    if (!free.ok())
        problem = QString::fromStdString(free.error().message() + " " + free.error().hint());
    else if (!form().isFolder && !place.endsWith(QLatin1String(".gguf"), Qt::CaseInsensitive))
        problem = tr("The name of a GGUF file ends in .gguf: other programs know it by that.");
    m_problem->setText(problem);
    m_problemRow->setVisible(!problem.isEmpty());
    m_after->setVisible(problem.isEmpty());
    m_start->setEnabled(problem.isEmpty());
    // A longer sentence is given its room; a dialog does not grow by itself.
    layout()->activate();
    if (const int wanted = layout()->totalHeightForWidth(width()); wanted > height())
        resize(width(), wanted);
}

workspace::ExportOrder ExportDialog::order() const
{
    workspace::ExportOrder order;
    order.model = m_subject.model.name.toStdString();
    order.format = form().format;
    order.type = m_type->currentData().toString().toStdString();
    order.destination = destination().toStdString();
    if (m_base->isEnabled())
        order.baseName = m_base->text().trimmed().toStdString();
    return order;
}

void ExportDialog::rememberFolder(const workspace::ExportOrder& order)
{
    QSettings().setValue(QString::fromLatin1(kFolderSetting), QFileInfo(QString::fromStdString(order.destination)).absolutePath());
}

} // namespace precedent::ui
