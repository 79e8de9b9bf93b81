#include "ui/models/export_panel.h"

#include <QClipboard>
#include <QDesktopServices>
#include <QFileInfo>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kHeadWidth = 104;
constexpr int kDigits = 3;

QString text(const std::string& value) { return QString::fromStdString(value); }

QString number(double value) { return QLocale().toString(value, 'g', kDigits); }

} // namespace

ExportPanel::ExportPanel(ModelJobs& jobs, QWidget* parent)
    : JobSection(jobs, ModelJobs::Kind::exporting, QStringLiteral("exportModel"), parent)
    , m_result(new QWidget(this))
    , m_rows(new QFormLayout)
{
    setObjectName(QStringLiteral("exportPanel"));
    heading()->setText(tr("Export"));
    button()->setIcon(themedIcon(QStringLiteral("export"), Role::text));
    button()->setText(tr("Export"));
    m_rows->setContentsMargins(0, 0, 0, 0);
    m_rows->setHorizontalSpacing(8);
    m_rows->setVerticalSpacing(8);
    m_rows->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_written = addRow(tr("Written to"), "exportPathLabel");
    m_difference = addRow(tr("Logits differ"), "exportDifferenceLabel");
    m_sameTop = addRow(tr("Likeliest token"), "exportSameTopLabel");
    m_digest = addRow(tr("sha256"), "exportDigestLabel");
    m_digest->setFont(monospaceFont());
    m_note = addRow(tr("Note"), "exportNoteLabel");
    auto* open = new QPushButton(themedIcon(QStringLiteral("folder")), tr("Open the folder"), m_result);
    open->setObjectName(QStringLiteral("exportOpenButton"));
    auto* copy = new QPushButton(themedIcon(QStringLiteral("copy")), tr("Copy the path"), m_result);
    copy->setObjectName(QStringLiteral("exportCopyButton"));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(open);
    buttons->addWidget(copy);
    buttons->addStretch();
    auto* column = new QVBoxLayout(m_result);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(m_rows);
    column->addLayout(buttons);
    body()->addWidget(m_result);
    connect(button(), &QPushButton::clicked, this, &ExportPanel::exportWanted);
    connect(copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_path); });
    connect(open, &QPushButton::clicked, this, [this] {
        const QFileInfo place(m_path);
        QDesktopServices::openUrl(QUrl::fromLocalFile(place.isDir() ? m_path : place.absolutePath()));
    });
}

QLabel* ExportPanel::addRow(const QString& head, const char* objectName)
{
    auto* name = new QuietLabel(head, bodyFont(), m_result);
    name->setFixedWidth(kHeadWidth);
    name->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    auto* value = new QLabel(m_result);
    value->setObjectName(QString::fromLatin1(objectName));
    value->setAccessibleName(head);
    value->setTextFormat(Qt::PlainText);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    value->setWordWrap(true);
    m_rows->addRow(name, value);
    return value;
}

bool ExportPanel::showResult()
{
    const core::ExportReport* report = jobs().reportOf(model().name);
    m_result->setVisible(report != nullptr);
    if (report == nullptr)
        return false;
    m_path = text(report->path);
    QString wrapping = m_path;
    wrapping.replace(QLatin1Char('/'), QStringLiteral("/\u200b")); // a path may wrap at its slashes
    m_written->setText(wrapping);
    m_difference->setText(
        tr("by %1 at most, by %2 on average").arg(number(report->maxLogitDifference), number(report->meanLogitDifference)));
    m_sameTop->setText(
        tr("the same at %1 of %2 positions").arg(QLocale().toString(report->sameTop), QLocale().toString(report->positions)));
    m_sameTop->setToolTip(tr("What was written was loaded again and compared with the model that it was made of"));
    const QString digest = text(report->sha256);
    m_digest->setText(digest.left(8) + QStringLiteral(" \u2026 ") + digest.right(8));
    m_digest->setToolTip(digest);
    m_note->setText(text(report->note));
    m_rows->setRowVisible(m_note, !report->note.empty());
    return true;
}

QString ExportPanel::emptyText() const { return tr("For other programs: a Hugging Face folder or a GGUF file; an adapter also alone."); }

QString ExportPanel::busyText(const ModelJobs::Now&) const { return tr("Writing it, reading it again and comparing"); }

QString ExportPanel::cancelledText() const { return tr("Cancelled: nothing was written."); }

} // namespace precedent::ui
