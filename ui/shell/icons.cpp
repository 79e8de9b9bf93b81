#include "ui/shell/icons.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

namespace precedent::ui {
namespace {

QByteArray svgIn(const QString& name, const QColor& color)
{
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.readAll().replace("currentColor", color.name().toLatin1());
}

/// At `side` device pixels; from the cache where it was drawn before.
QPixmap drawn(const QString& name, const QColor& color, int side)
{
    const QString key = QStringLiteral("precedent-icon-%1-%2-%3").arg(name, color.name()).arg(side);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    pixmap = QPixmap(side, side);
    pixmap.fill(Qt::transparent);
    QSvgRenderer renderer(svgIn(name, color));
    QPainter painter(&pixmap);
    renderer.render(&painter);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

class ThemedIconEngine final : public QIconEngine {
public:
    ThemedIconEngine(QString name, Role role)
        : m_name(std::move(name))
        , m_role(role)
    {
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        paintIcon(*painter, rect, m_name, color(mode));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State) override
    {
        return drawn(m_name, color(mode), std::min(size.width(), size.height()));
    }

    QIconEngine* clone() const override { return new ThemedIconEngine(m_name, m_role); }

private:
    [[nodiscard]] QColor color(QIcon::Mode mode) const
    {
        return Theme::instance().color(mode == QIcon::Disabled ? Role::fieldBorder : m_role);
    }

    QString m_name;
    Role m_role;
};

} // namespace

QIcon themedIcon(const QString& name, Role role) { return QIcon(new ThemedIconEngine(name, role)); }

void showIcon(QLabel& label, const QString& name, int size, Role role)
{
    const auto follow = [&label, name, size, role] { label.setPixmap(themedIcon(name, role).pixmap(size, size)); };
    follow();
    QObject::connect(&Theme::instance(), &Theme::changed, &label, follow);
}

void paintIcon(QPainter& painter, const QRectF& rect, const QString& name, const QColor& color)
{
    const qreal ratio = painter.device()->devicePixelRatioF();
    const qreal side = std::min(rect.width(), rect.height());
    QPixmap pixmap = drawn(name, color, qRound(side * ratio));
    pixmap.setDevicePixelRatio(ratio);
    painter.drawPixmap(rect.center() - QPointF(side, side) / 2, pixmap);
}

} // namespace precedent::ui
