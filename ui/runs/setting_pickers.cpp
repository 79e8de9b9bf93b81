#include <array>
#include <map>
#include <memory>

#include <QComboBox>
#include <QCoreApplication>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/models/choose_model.h"
#include "ui/runs/setting_field.h"
#include "ui/shell/card.h"
#include "ui/shell/icons.h"
#include "ui/shell/real_spin.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kJudgeWidth = 184;
constexpr int kSwatch = 10;
constexpr int kSwatchGap = 6;

class Words {
    Q_DECLARE_TR_FUNCTIONS(SettingField)
};

QString text(const Json& value) { return value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString(); }

QToolButton* browseButton(const QString& name, const QString& words, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setObjectName(name);
    button->setIcon(themedIcon(QStringLiteral("folder")));
    button->setToolTip(words);
    button->setAccessibleName(words);
    return button;
}

QHBoxLayout* rowOf(QWidget* widget)
{
    auto* row = new QHBoxLayout(widget);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    return row;
}

/// "head" and "folder" of "head:folder"; the whole as first where there is no colon.
std::pair<QString, QString> partsOf(const QString& judge)
{
    const auto colon = judge.indexOf(QLatin1Char(':'));
    return colon < 0 ? std::pair{judge, QString()} : std::pair{judge.left(colon), judge.mid(colon + 1)};
}

QString aboutJudge(const QString& kind)
{
    if (kind == QLatin1String("head"))
        return Words::tr(
            "A frozen model reads request and answer, a head trained on people's verdicts judges. The folder is one of judge train.");
    if (kind == QLatin1String("model"))
        return Words::tr("A model of this machine is asked with the rubric. It should follow instructions.");
    if (kind == QLatin1String("endpoint"))
        return Words::tr(
            "A server is asked with the rubric: requests and answers that it judges leave this machine. MODEL@URL; the key comes "
            "from PRECEDENT_API_KEY.");
    return Words::tr("The built-in analysis of whole sentences. Quick, and the same everywhere.");
}

QString exampleOf(const QString& kind)
{
    if (kind == QLatin1String("head"))
        return QStringLiteral("heads/first");
    return kind == QLatin1String("endpoint") ? QStringLiteral("llama3@http://localhost:8000/v1") : Words::tr("a model's name or folder");
}

/// Square and name of a reward part, as on every curve and bar.
class Swatch final : public QWidget {
public:
    Swatch(const QString& part, QWidget* parent)
        : QWidget(parent)
        , m_part(part)
    {
        setMinimumWidth(kSwatch + kSwatchGap + QFontMetrics(bodyFont()).horizontalAdvance(part));
        setFixedHeight(16);
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::instance().partColor(m_part));
        painter.drawRoundedRect(QRectF(0, (height() - kSwatch) / 2.0, kSwatch, kSwatch), 2, 2);
        painter.setFont(bodyFont());
        painter.setPen(Theme::instance().color(Role::text));
        painter.drawText(rect().adjusted(kSwatch + kSwatchGap, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, m_part);
    }

private:
    QString m_part;
};

QString paidTo(const QString& part)
{
    if (part == QLatin1String("harmlessness"))
        return Words::tr("what to refuse");
    if (part == QLatin1String("helpful"))
        return Words::tr("benign only");
    if (part == QLatin1String("overlong"))
        return Words::tr("taken away");
    return part == QLatin1String("citation") ? Words::tr("where governed") : Words::tr("all requests");
}

} // namespace

SettingField makeModelField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* widget = new QWidget(parent);
    auto* row = rowOf(widget);
    auto* combo = new QComboBox(widget);
    const QString name = setting.name.isEmpty() ? setting.key + QStringLiteral("Combo") : setting.name;
    combo->setObjectName(name);
    combo->setAccessibleName(setting.title);
    combo->setEditable(true);
    combo->setInsertPolicy(QComboBox::NoInsert);
    combo->setMinimumContentsLength(4);
    combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    combo->setProperty("modelChoices", true);
    combo->lineEdit()->setPlaceholderText(setting.none);
    auto* browse = browseButton(name + QStringLiteral("Browse"), Words::tr("A folder or a .gguf file"), widget);
    row->addWidget(combo, 1);
    row->addWidget(browse);
    widget->setObjectName(name + QStringLiteral("Row"));
    widget->setFocusProxy(combo);
    QObject::connect(
        combo, &QComboBox::currentTextChanged, combo, [edited](const QString& model) { edited(model.trimmed().toStdString()); });
    QObject::connect(browse, &QToolButton::clicked, combo, [combo] {
        if (const QString model = chooseModel(combo->window()); !model.isEmpty())
            combo->setCurrentText(model);
    });
    return {widget, false, [combo](const Json& value) {
                if (combo->currentText().trimmed() == text(value)) // also while a space is being typed
                    return;
                const QSignalBlocker blocker(combo);
                combo->setCurrentText(text(value));
            }};
}

SettingField makeFileField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* widget = new QWidget(parent);
    auto* row = rowOf(widget);
    auto* edit = new QLineEdit(widget);
    edit->setObjectName(setting.key + QStringLiteral("Edit"));
    edit->setAccessibleName(setting.title);
    auto* browse = browseButton(setting.key + QStringLiteral("Browse"), Words::tr("Choose a file"), widget);
    row->addWidget(edit, 1);
    row->addWidget(browse);
    widget->setFocusProxy(edit);
    QObject::connect(edit, &QLineEdit::textChanged, edit, [edited](const QString& file) { edited(file.trimmed().toStdString()); });
    QObject::connect(browse, &QToolButton::clicked, edit, [edit] {
        const QString file =
            QFileDialog::getOpenFileName(edit->window(), Words::tr("Examples"), {}, Words::tr("Examples (*.jsonl);;All files (*)"));
        if (!file.isEmpty())
            edit->setText(file);
    });
    return {widget, true, [edit](const Json& value) {
                const QSignalBlocker blocker(edit);
                if (edit->text().trimmed() != text(value))
                    edit->setText(text(value));
            }};
}

SettingField makeJudgeField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    auto* widget = new QWidget(parent);
    auto* row = rowOf(widget);
    auto* kinds = new QComboBox(widget);
    kinds->setObjectName(QStringLiteral("judgeCombo"));
    kinds->setAccessibleName(setting.title);
    kinds->setFixedWidth(kJudgeWidth);
    kinds->addItem(Words::tr("built-in (analysis)"), QStringLiteral("analysis"));
    kinds->addItem(Words::tr("a trained head"), QStringLiteral("head"));
    kinds->addItem(Words::tr("a model here"), QStringLiteral("model"));
    kinds->addItem(Words::tr("a server (endpoint)"), QStringLiteral("endpoint"));
    auto* edit = new QLineEdit(widget);
    edit->setObjectName(QStringLiteral("judgeEdit"));
    edit->setAccessibleName(Words::tr("Which judge"));
    auto* browse = browseButton(QStringLiteral("judgeBrowse"), Words::tr("Choose its folder"), widget);
    row->addWidget(kinds);
    row->addSpacing(12);
    row->addWidget(edit, 1);
    row->addWidget(browse);
    row->addStretch();
    widget->setFocusProxy(kinds);
    const auto arrange = [kinds, edit, browse] {
        const QString kind = kinds->currentData().toString();
        edit->setVisible(kind != QLatin1String("analysis"));
        edit->setPlaceholderText(exampleOf(kind));
        browse->setVisible(kind == QLatin1String("head") || kind == QLatin1String("model"));
    };
    const auto tell = [kinds, edit, edited] {
        const QString kind = kinds->currentData().toString();
        edited((kind == QLatin1String("analysis") ? kind : kind + QLatin1Char(':') + edit->text().trimmed()).toStdString());
    };
    QObject::connect(kinds, &QComboBox::currentIndexChanged, widget, [edit, arrange, tell] {
        const QSignalBlocker blocker(edit);
        edit->clear(); // a folder is no model's name
        arrange();
        tell();
    });
    QObject::connect(edit, &QLineEdit::textChanged, widget, tell);
    QObject::connect(browse, &QToolButton::clicked, widget, [kinds, edit] {
        const QString found = kinds->currentData() == QStringLiteral("head")
            ? QFileDialog::getExistingDirectory(edit->window(), Words::tr("A head's folder"))
            : chooseModel(edit->window());
        if (!found.isEmpty())
            edit->setText(found);
    });
    return {widget, true, [kinds, edit, arrange](const Json& value) {
                const auto [kind, rest] = partsOf(text(value));
                const QSignalBlocker quietKinds(kinds), quietEdit(edit);
                kinds->setCurrentIndex(kinds->findData(kind));
                if (edit->text().trimmed() != rest)
                    edit->setText(rest);
                arrange();
            }};
}

QString judgeNote(const core::RunSpec& spec)
{
    QString note = aboutJudge(partsOf(QString::fromStdString(spec.rewardJudge)).first);
    if (!spec.rewardJudgeHash.empty())
        note += QLatin1Char(' ') +
            Words::tr("Only the judge with the hash %1 pays.").arg(QString::fromStdString(spec.rewardJudgeHash).left(12));
    return note;
}

SettingField makeWeightsField(const Setting& setting, QWidget* parent, const Edited& edited)
{
    static const std::array parts{"disposition", "harmlessness", "helpful", "citation", "format", "overlong"};
    auto* widget = new QWidget(parent);
    auto* row = new QHBoxLayout(widget);
    row->setContentsMargins(0, 8, 0, 4);
    row->setSpacing(16);
    const auto shown = std::make_shared<Json>(Json::object());
    const auto spins = std::make_shared<std::map<std::string, RealSpin*>>();
    for (const char* part : parts) {
        const QString name = QString::fromLatin1(part);
        auto* cell = new QVBoxLayout;
        cell->setSpacing(4);
        auto* spin = new RealSpin(widget);
        spin->setObjectName(QStringLiteral("weight_") + name);
        spin->setAccessibleName(setting.title + QLatin1Char(' ') + name);
        spin->setRange(0, 1e6);
        spin->setSingleStep(setting.step);
        spin->setMinimumWidth(64);
        spin->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
        cell->addWidget(new Swatch(name, widget));
        cell->addWidget(spin);
        cell->addWidget(new QuietLabel(paidTo(name), secondaryFont(), widget));
        row->addLayout(cell, 1);
        (*spins)[part] = spin;
        QObject::connect(spin, &QDoubleSpinBox::valueChanged, widget, [shown, edited, part](double value) {
            (*shown)[part] = value;
            edited(Json(*shown));
        });
    }
    widget->setFocusProxy(spins->at(parts.front()));
    return {widget, true, [shown, spins](const Json& value) {
                *shown = value.is_object() ? value : Json::object();
                for (const auto& [part, spin] : *spins) {
                    const QSignalBlocker blocker(spin);
                    spin->setValue(shown->value(part, 0.0));
                }
            }};
}

} // namespace precedent::ui
