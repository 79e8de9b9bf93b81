#include "ui/runs/preset_cards.h"

#include <algorithm>

#include <QAbstractButton>
#include <QButtonGroup>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QStyleOptionButton>
#include <QVBoxLayout>

#include "precedent/align/run_spec_json.h"
#include "ui/runs/preset_words.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/segments.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kColumns = 3;
constexpr int kCardHeight = 48;
constexpr int kControlButtonHeight = 24;
constexpr int kSide = 12;
constexpr int kRadio = 16;

QString userId(const QString& name) { return QStringLiteral("user:") + name; }

QString lineOf(const core::RunSpec& spec)
{
    const auto preset = align::preset(spec.preset);
    const Json then = align::toJson(preset.ok() ? *preset : core::RunSpec()), is = align::toJson(spec);
    qint64 changed = 0;
    for (const auto& [key, value] : is.items())
        changed += key != "model" && value != then.value(key, Json()) ? 1 : 0;
    const QString from = presetTitle(QString::fromStdString(spec.preset));
    return changed == 0
        ? from
        : PresetCards::tr("%1 with %2").arg(from, counted(changed, PresetCards::tr("one change"), PresetCards::tr("%1 changes")));
}

/// A preset to take: a radio button with a line of what it is.
class PresetCard final : public QAbstractButton {
public:
    PresetCard(const QString& title, const QString& line, QWidget* parent)
        : QAbstractButton(parent)
        , m_line(line)
    {
        setText(title);
        setAccessibleName(title);
        setAccessibleDescription(line);
        setToolTip(line);
        setCheckable(true);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setFixedHeight(kCardHeight);
        setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed); // thirds, whatever they say
        connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    }
    [[nodiscard]] QSize sizeHint() const override { return {200, kCardHeight}; }
    QAction* remove = nullptr; ///< where it may be taken away

protected:
    void keyPressEvent(QKeyEvent* event) override
    {
        if (event->key() == Qt::Key_Delete && remove != nullptr)
            return remove->trigger();
        QAbstractButton::keyPressEvent(event);
    }
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = Theme::instance();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const bool strong = isChecked() || hasFocus();
        const qreal line = strong ? 2 : 1;
        painter.setPen(QPen(theme.color(strong ? Role::accent : Role::border), line));
        painter.setBrush(theme.color(hasFocus() && isChecked() ? Role::selection : underMouse() ? Role::hover : Role::surface));
        painter.drawRoundedRect(QRectF(rect()).adjusted(line / 2, line / 2, -line / 2, -line / 2), kRadius, kRadius);
        QStyleOptionButton radio;
        radio.initFrom(this);
        radio.rect = QRect(kSide, 7, kRadio, kRadio);
        radio.state.setFlag(QStyle::State_On, isChecked());
        style()->drawPrimitive(QStyle::PE_IndicatorRadioButton, &radio, &painter, this);
        const QRect words = rect().adjusted(kSide + kRadio + 8, 7, -kSide, 0);
        QFont title = bodyFont();
        title.setWeight(QFont::DemiBold);
        const auto draw = [&](const QFont& font, Role role, int top, const QString& text) {
            painter.setFont(font);
            painter.setPen(theme.color(role));
            painter.drawText(QRect(words.left(), top, words.width(), kRadio), Qt::AlignVCenter | Qt::AlignLeft,
                QFontMetrics(font).elidedText(text, Qt::ElideRight, words.width()));
        };
        draw(title, Role::text, 7, text());
        draw(secondaryFont(), isChecked() && hasFocus() ? Role::text : Role::secondary, 7 + kRadio + 2, m_line);
    }

private:
    QString m_line;
};

bool isControl(const QString& name) { return name.startsWith(QLatin1String("control-")); }

} // namespace

PresetCards::PresetCards(QWidget* parent)
    : QWidget(parent)
    , m_grid(new QGridLayout)
    , m_controls(new QHBoxLayout)
    , m_group(new QButtonGroup(this))
{
    setObjectName(QStringLiteral("presetCards"));
    auto* title = new QuietLabel(tr("Start from"), labelFont(), this);
    m_grid->setSpacing(8);
    for (int column = 0; column < kColumns; ++column)
        m_grid->setColumnStretch(column, 1);
    m_controls->setSpacing(8);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(title);
    layout->addLayout(m_grid);
    layout->addLayout(m_controls);
    std::vector<QString> controls;
    for (const std::string& known : align::presetNames()) {
        const QString name = QString::fromStdString(known);
        if (isControl(name)) {
            controls.push_back(name);
            continue;
        }
        const QString line = presetLine(name);
        addCard(name, presetTitle(name), line.isEmpty() ? QString::fromStdString(align::aboutPreset(known)) : line);
    }
    addControls(controls);
    connect(m_group, &QButtonGroup::buttonClicked, this, [this](QAbstractButton* button) {
        takeButton(*m_group, button);
        Q_EMIT chosen(selected());
    });
    reload();
}

void PresetCards::addCard(const QString& id, const QString& title, const QString& line)
{
    auto* card = new PresetCard(title, line, this);
    card->setObjectName(QStringLiteral("preset_") + id);
    card->setProperty("preset", id);
    const int at = static_cast<int>(m_cards.size());
    m_cards.push_back(card);
    m_group->addButton(card);
    m_grid->addWidget(card, at / kColumns, at % kColumns);
}

void PresetCards::addControls(const std::vector<QString>& names)
{
    m_controls->addWidget(new QuietLabel(tr("Controls"), labelFont(), this));
    for (const QString& name : names) {
        auto* button = new QPushButton(presetTitle(name), this);
        button->setObjectName(QStringLiteral("preset_") + name);
        button->setProperty("preset", name);
        button->setCheckable(true);
        button->setFixedHeight(kControlButtonHeight);
        button->setToolTip(presetLine(name));
        m_group->addButton(button);
        m_controls->addWidget(button);
    }
    auto* about = new QuietLabel(tr("what is left without the method"), secondaryFont(), this);
    m_controls->addWidget(about, 1);
}

void PresetCards::reload()
{
    const QString taken = selected();
    const auto first = std::find_if(m_cards.begin(), m_cards.end(),
        [](const QAbstractButton* card) { return card->property("preset").toString().startsWith(QLatin1String("user:")); });
    for (auto card = first; card != m_cards.end(); ++card) {
        m_group->removeButton(*card);
        (*card)->setObjectName({}); // gone for who asks by name, though it is deleted later: it may be what is being clicked
        (*card)->hide();
        (*card)->deleteLater();
    }
    m_cards.erase(first, m_cards.end());
    m_users = UserPresets::all();
    for (const UserPreset& preset : m_users) {
        const QString id = userId(preset.name);
        addCard(id, preset.name, lineOf(preset.spec));
        QAbstractButton* card = m_cards.back();
        auto* remove = new QAction(tr("Delete this preset"), card);
        static_cast<PresetCard*>(card)->remove = remove;
        card->addAction(remove);
        card->setContextMenuPolicy(Qt::ActionsContextMenu);
        connect(remove, &QAction::triggered, this, [this, id] { Q_EMIT removeWanted(id); });
        if (m_cards.size() > 1)
            setTabOrder(m_cards[m_cards.size() - 2], card);
    }
    select(taken);
}

void PresetCards::select(const QString& id)
{
    const QList<QAbstractButton*> buttons = m_group->buttons();
    const auto found = std::find_if(
        buttons.begin(), buttons.end(), [&](const QAbstractButton* button) { return button->property("preset").toString() == id; });
    takeButton(*m_group, found == buttons.end() ? nullptr : *found);
}

QString PresetCards::selected() const
{
    const QAbstractButton* taken = m_group->checkedButton();
    return taken == nullptr ? QString() : taken->property("preset").toString();
}

const UserPreset* PresetCards::userPreset(const QString& id) const
{
    const auto found = std::find_if(m_users.begin(), m_users.end(), [&](const UserPreset& preset) { return userId(preset.name) == id; });
    return found == m_users.end() ? nullptr : &*found;
}

} // namespace precedent::ui
